"""Schedules as JSON says them, made alike with PyTorch's classes and with minigrad's."""


def rational(step):
    return 1 / (1 + 0.3 * step)


def wavy(step):
    return 0.9 if step % 2 == 0 else 1.05


def shrinking(x):
    return 1 / (1 + x)


FUNCTIONS = {"rational": rational, "wavy": wavy, "shrinking": shrinking}


def make_schedule(optim, optimizer, schedule):
    """Return the schedule of an optimizer that a name and its arguments describe, from PyTorch's ``optim`` or ours."""
    name, options = schedule
    arguments = {}
    for key, value in options.items():
        if key in ("lr_lambda", "scale_fn"):
            value = [FUNCTIONS[each] for each in value] if isinstance(value, list) else FUNCTIONS[value]
        if key == "schedulers":
            value = [make_schedule(optim, optimizer, each) for each in value]
        arguments[key] = value
    if name == "ChainedScheduler":
        return optim.lr_scheduler.ChainedScheduler(**arguments)
    home = optim.swa_utils if name == "SWALR" else optim.lr_scheduler
    return getattr(home, name)(optimizer, **arguments)


def step_schedule(scheduler, loss):
    """Step a schedule, and tell it the loss if it asks for that."""
    if type(scheduler).__name__ == "ReduceLROnPlateau":
        scheduler.step(loss)
    else:
        scheduler.step()
