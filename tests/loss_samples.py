"""Samples of the losses that are compositions: margins, likelihoods, robust ones."""

from tests.samples import Sample, constant, given, integers, normal, positive, unit

F = "nn.functional."
REDUCTIONS = ("mean", "sum", "none")
SIGNS = given([1, -1, -1, 1], int)
LABELS = given([0, 2, 1, 2], int)
# The first has two labels, the second none, the third one twice; what follows the first -1 does not count.
SEVERAL = given([[0, 2, -1, 1], [-1, 0, 1, 2], [3, 3, -1, -1]], int)
# At half the errors of 0, 1 (the default setting) and 1/2, and beyond.
ERRORS = given([0.0, 0.5, -0.5, 1.0, -1.0, 3.0])
NOTHING = given([0.0] * 6)


def reduced(op, *args, **options):
    """Samples of a loss with each reduction."""
    kwargs = options.pop("kwargs", {})
    note = options.pop("note", "")
    found = []
    for reduction in REDUCTIONS:
        told = f"{note} {reduction}" if note else reduction
        found.append(Sample(F + op, args, {**kwargs, "reduction": reduction}, note=told, **options))
    return found


ROBUST = [
    *reduced("huber_loss", normal(3, 4), normal(3, 4)),
    *reduced("smooth_l1_loss", normal(3, 4), normal(3, 4)),
    *reduced("huber_loss", normal(3, 4), normal(3, 4), note="weight", kwargs={"delta": 0.6, "weight": positive(3, 4)}),
    Sample(F + "huber_loss", (normal(3, 4), normal(3, 4)), {"delta": 0.4}, note="delta"),
    Sample(F + "huber_loss", (normal(), normal()), note="0-d"),
    Sample(F + "huber_loss", (normal(0, 3), normal(0, 3)), {"reduction": "sum"}, note="empty"),
    Sample(F + "huber_loss", (ERRORS, NOTHING), {"reduction": "none"}, note="kinks", smooth=False),
    Sample(
        F + "huber_loss",
        (given([1e30, float("inf"), float("nan")]), given([0.0, 0.0, 0.0])),
        {"reduction": "none"},
        note="extremes",
        smooth=False,
    ),
    *[
        Sample(F + op, (normal(3, 4), normal(3, 4)), {"weight": positive(3, 4), "reduction": how}, note=f"weight {how}")
        for op in ("mse_loss", "l1_loss")
        for how in ("mean", "sum", "none")
    ],
    Sample(F + "smooth_l1_loss", (normal(3, 4), normal(3, 4)), {"beta": 0.4}, note="beta"),
    Sample(F + "smooth_l1_loss", (normal(3, 4), normal(3, 4)), {"beta": 0.0}, note="beta=0"),
    Sample(F + "smooth_l1_loss", (ERRORS, NOTHING), {"beta": 0.5, "reduction": "none"}, note="kinks", smooth=False),
]

MARGINS = [
    *reduced("margin_ranking_loss", normal(4), normal(4), SIGNS),
    Sample(F + "margin_ranking_loss", (normal(3, 4), normal(1, 4), normal(3, 1)), {"margin": 0.7}, note="broadcast"),
    Sample(
        F + "margin_ranking_loss",
        (given([1.0, 2.0]), given([1.0, 1.5]), given([1, 1], int), 0.5),
        note="kinks",
        smooth=False,
    ),
    *reduced("hinge_embedding_loss", normal(4), SIGNS),
    Sample(F + "hinge_embedding_loss", (normal(2, 4), SIGNS, 0.3), note="broadcast"),
    Sample(
        F + "hinge_embedding_loss", (normal(4), given([1, -1, 0, 2], int)), {"reduction": "none"}, note="other labels"
    ),
    Sample(F + "hinge_embedding_loss", (given([1.0, 1.0, 0.0]), given([1, -1, -1], int)), note="kinks", smooth=False),
    *reduced("soft_margin_loss", normal(4), SIGNS),
    Sample(F + "soft_margin_loss", (normal(2, 3), normal(2, 3)), note="floating target", torch=""),
    Sample(F + "soft_margin_loss", (normal(0), constant(normal(0))), {"reduction": "sum"}, note="empty"),
    *reduced("cosine_embedding_loss", normal(4, 3), normal(4, 3), SIGNS, kwargs={"margin": -0.8}),
    Sample(F + "cosine_embedding_loss", (normal(3), normal(3), given(1, int)), note="one pair"),
    Sample(F + "cosine_embedding_loss", (normal(4, 3), normal(1, 3), SIGNS), note="broadcast"),
    Sample(
        F + "cosine_embedding_loss",
        (given([[0.0, 0.0], [1.0, 0.0]]), given([[0.0, 0.0], [0.0, 1.0]]), given([1, -1], int)),
        note="kinks",
        smooth=False,
    ),
    *reduced("triplet_margin_loss", normal(4, 3), normal(4, 3), normal(4, 3)),
    *reduced(
        "triplet_margin_loss",
        normal(4, 3),
        normal(4, 3),
        normal(4, 3),
        note="swap",
        kwargs={"swap": True, "margin": 0.4},
    ),
    Sample(
        F + "triplet_margin_loss", (normal(4, 3), normal(1, 3), normal(4, 3)), {"p": 3.0, "margin": 2.0}, note="p=3"
    ),
    Sample(F + "triplet_margin_loss", (normal(3), normal(3), normal(3)), note="one"),
    Sample(
        F + "triplet_margin_loss",
        (given([[0.0, 0.0]]), given([[0.0, 0.0]]), given([[1.0, 0.0]])),
        {"eps": 0.0},
        note="kinks",
        smooth=False,
    ),
]

CLASSES = [
    *reduced("multi_margin_loss", normal(4, 3), LABELS),
    *reduced("multi_margin_loss", normal(4, 3), LABELS, note="p=2", kwargs={"p": 2, "margin": 0.6}),
    Sample(F + "multi_margin_loss", (normal(4, 3), LABELS), {"weight": constant(positive(3))}, note="weight"),
    Sample(
        F + "multi_margin_loss", (normal(4, 3), LABELS), {"weight": positive(3)}, note="weight's gradient", torch=""
    ),
    Sample(F + "multi_margin_loss", (normal(3), given(1, int)), note="one"),
    Sample(F + "multi_margin_loss", (given([[1.0, 0.0, 1.0]]), given([0], int)), note="kinks", smooth=False),
    *reduced("multilabel_margin_loss", normal(3, 4), SEVERAL),
    Sample(F + "multilabel_margin_loss", (normal(3), given([1, 0, -1], int)), note="one"),
    Sample(
        F + "multilabel_margin_loss", (given([[1.0, 0.0, 1.0]]), given([[0, -1, -1]], int)), note="kinks", smooth=False
    ),
    *reduced("multilabel_soft_margin_loss", normal(3, 4), integers(0, 2, 3, 4)),
    Sample(F + "multilabel_soft_margin_loss", (normal(3, 4), unit(3, 4), positive(4)), note="weight"),
    Sample(F + "multilabel_soft_margin_loss", (normal(4), unit(4)), note="one"),
]

LIKELIHOODS = [
    *reduced("gaussian_nll_loss", normal(3, 4), normal(3, 4), positive(3, 4)),
    Sample(F + "gaussian_nll_loss", (normal(3, 4), normal(3, 4), positive(3, 1)), {"full": True}, note="full"),
    Sample(F + "gaussian_nll_loss", (normal(3, 4), normal(3, 4), positive(3)), note="without the last axis"),
    Sample(F + "gaussian_nll_loss", (normal(3, 4), normal(3, 4), 0.7), note="number"),
    Sample(
        F + "gaussian_nll_loss", (normal(2), normal(2), given([0.0, 0.05])), {"eps": 0.1}, note="small", smooth=False
    ),
    *reduced("poisson_nll_loss", normal(3, 4), positive(3, 4)),
    *reduced(
        "poisson_nll_loss", positive(3, 4), positive(3, 4), note="rate", kwargs={"log_input": False, "full": True}
    ),
    Sample(F + "poisson_nll_loss", (normal(4), given([0.0, 1.0, 2.0, 5.0], grad=False)), {"full": True}, note="counts"),
    Sample(
        F + "poisson_nll_loss",
        (given([0.0, 1.0]), given([0.0, 1.0], grad=False)),
        {"log_input": False, "eps": 1e-3},
        note="zero",
    ),
    *reduced("kl_div", normal(3, 4), positive(3, 4)),
    *reduced("kl_div", normal(3, 4), normal(3, 4), note="logarithms", kwargs={"log_target": True}),
    Sample(F + "kl_div", (normal(3, 4), unit(4)), {"reduction": "batchmean"}, note="batchmean"),
    Sample(F + "kl_div", (normal(), unit()), {"reduction": "batchmean"}, note="0-d"),
    Sample(F + "kl_div", (normal(3), given([0.0, 0.25, 0.75], grad=False)), {"reduction": "sum"}, note="zero"),
]

LOSS_SAMPLES = [*ROBUST, *MARGINS, *CLASSES, *LIKELIHOODS]
