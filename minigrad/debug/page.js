"use strict";
/* The page of a trace: which step is shown, and how. The graphs are in the page already; this marks them, fills the
   panel (panel.js) and listens. */

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const darkness = window.matchMedia("(prefers-color-scheme: dark)");
let current = 0;

/* Elements of the graphs: a vertex may stand in the overview, and in the detail of its fold. */
const boxes = new Map();
for (const box of document.querySelectorAll("[data-key]")) {
  const key = box.dataset.key;
  if (!boxes.has(key)) boxes.set(key, []);
  boxes.get(key).push(box);
}
for (const group of boxes.values()) {
  for (const box of group) {
    box.setAttribute("role", "button");
    box.setAttribute("tabindex", "0");
  }
}
const curves = [...document.querySelectorAll("[data-edge]")].map((curve) => [curve, ...curve.dataset.edge.split(" ")]);
const folds = new Map(Object.entries(data.folds));

/* Each step with what it shares with others. */
const steps = data.steps.map((step, place) => {
  const backward = place >= data.forward;
  const vertex = data.vertices[step.vertex];
  return {
    ...step, ...data.places[vertex.place], ...data.kinds[vertex.kind],
    op: vertex.label, name: vertex.name, module: vertex.module, from: vertex.from || [],
    read: step.saved || [], takes: step.inputs || [], gives: step.gives || [], flags: step.flags || [],
    names: data.kinds[vertex.kind].inputs, savedNames: data.kinds[vertex.kind].saved,
    phase: backward ? "backward" : "forward",
    index: place + 1 - (backward ? data.forward : 0),
    total: backward ? data.steps.length - data.forward : data.forward,
  };
});

/* The vertices that a backward step gives a gradient to. */
function targets(step) {
  return step.from.filter((source, operand) => source !== null && step.gives[operand]);
}

function nameOf(vertex) {
  if (vertex === undefined || vertex === null) return "";
  const { label, name, tensor } = data.vertices[vertex];
  if (tensor) return tensor === "leaf" ? label : `${label} (${tensor})`;
  return name ? `${name} (${label})` : label;
}

/* The graphs */

function keysOf(vertex) {
  const fold = folds.get(String(vertex));
  return fold === undefined ? [`v${vertex}`] : [`v${vertex}`, `f${fold}`];
}

function mark(keys, className) {
  for (const key of keys) for (const box of boxes.get(key) || []) box.classList.add(className);
}

function markGraphs(step) {
  for (const group of boxes.values()) for (const box of group) box.classList.remove("done", "current", "near");
  for (const [curve] of curves) curve.classList.remove("hot");
  const backward = step.phase === "backward";
  steps.slice(0, current).forEach((earlier) => {
    if (earlier.phase === step.phase) mark([`v${earlier.vertex}`], "done");
  });
  for (const [key, members] of Object.entries(data.members)) {
    if (members.every((vertex) => (boxes.get(`v${vertex}`) || []).some((box) => box.classList.contains("done")))) mark([key], "done");
  }
  const here = keysOf(step.vertex);
  mark(here, "current");
  const wanted = new Set(targets(step).flatMap(keysOf));
  mark(wanted, "near");
  for (const [curve, source, target] of curves) {
    const incoming = here.includes(target) && (!backward || wanted.has(source));
    if (incoming || (backward && here.includes(source))) curve.classList.add("hot");
  }
  for (const [curve] of curves) if (curve.classList.contains("hot")) curve.parentNode.insertBefore(curve, curve.parentNode.querySelector("g"));
  const fold = folds.get(String(step.vertex));
  for (const detail of document.querySelectorAll(".detail")) detail.hidden = detail.dataset.fold !== String(fold);
  for (const key of here) for (const box of boxes.get(key) || []) if (!box.classList.contains("outside")) intoView(box);
}

function intoView(box) {
  const frame = box.closest(".overview, .detail");
  if (frame.hidden) return;
  const outer = frame.getBoundingClientRect();
  const inner = box.getBoundingClientRect();
  if (inner.left < outer.left + 60 || inner.right > outer.right - 60) {
    frame.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  }
  if (inner.top < outer.top + 8 || inner.bottom > outer.bottom - 8) {
    frame.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
  }
}

/* Going from step to step */

function positionText(step) {
  return `${step.phase} ${step.index} of ${step.total}`;
}

function go(number, keepHash) {
  current = Math.max(1, Math.min(steps.length, number));
  const step = steps[current - 1];
  byId("slider").value = current;
  byId("slider").setAttribute("aria-valuetext", `${positionText(step)}: ${step.op}`);
  byId("position").textContent = positionText(step);
  byId("back").disabled = byId("first").disabled = current === 1;
  byId("next").disabled = byId("last").disabled = current === steps.length;
  byId("panel").replaceChildren(...panel(step));
  byId("panel").setAttribute("aria-label", `${positionText(step)}: ${step.op}`);
  markGraphs(step);
  for (const button of byId("steps").querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  const listed = byId(`entry-${current}`);
  listed.setAttribute("aria-current", "step");
  const list = byId("steps");
  if (listed.offsetTop < list.scrollTop || listed.offsetTop + listed.offsetHeight > list.scrollTop + list.clientHeight) {
    list.scrollTop = listed.offsetTop - list.clientHeight / 2;
  }
  if (!keepHash) {
    try {
      history.replaceState(null, "", `#step-${current}`);
    } catch {
      /* a page inside of a notebook's frame has no address of its own */
    }
  }
}

function fromHash() {
  const found = /^#step-(\d+)$/.exec(location.hash);
  return found ? Number(found[1]) : 0;
}

function isBroken(step) {
  return step.flags.some((flag) => BAD.includes(flag));
}

function firstBroken() {
  const place = steps.findIndex(isBroken);
  if (place >= 0) go(place + 1);
}

/* The next after the step that is shown, and after the last one the first. */
function nextBroken() {
  const place = steps.findIndex((step, place) => place >= current && isBroken(step));
  if (place >= 0) go(place + 1);
  else firstBroken();
}

/* A click goes to the operation's step in the pass that is shown; on a tensor, to the last step that gives to it. */
function goToVertex(vertex) {
  const phase = steps[current - 1].phase;
  const numbered = steps.map((step, place) => [step, place + 1]);
  const own = numbered.filter(([step]) => step.vertex === vertex);
  const same = own.find(([step]) => step.phase === phase) || own[0];
  const giving = numbered.filter(([step]) => targets(step).includes(vertex));
  if (same) go(same[1]);
  else if (giving.length) go(giving[giving.length - 1][1]);
}

function goToKey(key) {
  if (key.startsWith("v")) goToVertex(Number(key.slice(1)));
  else {
    const members = data.members[key];
    const backward = steps[current - 1].phase === "backward";
    goToVertex(backward ? members[members.length - 1] : members[0]);
  }
}

function listSteps() {
  let phase = "";
  steps.forEach((step, place) => {
    if (step.phase !== phase) {
      phase = step.phase;
      byId("steps").append(element("li", phase === "forward" ? "Forward" : "Backward", "phase"));
    }
    const item = element("li");
    const button = element("button");
    button.type = "button";
    button.id = `entry-${place + 1}`;
    button.append(element("span", String(step.index), "number"), element("span", step.op));
    if (isBroken(step)) button.append(element("b", step.flags.includes("nan") ? "NaN" : "inf", "badge bad"));
    button.append(element("span", step.name || step.module || "", "where"));
    button.addEventListener("click", () => go(place + 1));
    item.append(button);
    byId("steps").append(item);
  });
}

const KEYS = {
  ArrowLeft: () => go(current - 1),
  ArrowRight: () => go(current + 1),
  Home: () => go(1),
  End: () => go(steps.length),
  b: () => go(data.forward + 1),
  n: nextBroken,
};

function listen() {
  byId("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  byId("first").addEventListener("click", KEYS.Home);
  byId("back").addEventListener("click", KEYS.ArrowLeft);
  byId("next").addEventListener("click", KEYS.ArrowRight);
  byId("last").addEventListener("click", KEYS.End);
  byId("turn").addEventListener("click", KEYS.b);
  byId("broken").addEventListener("click", firstBroken);
  byId("broken").disabled = !steps.some(isBroken);
  document.addEventListener("keydown", (event) => {
    const own = event.target === byId("slider") && event.key in { ArrowLeft: 1, ArrowRight: 1, Home: 1, End: 1 };
    if (own || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  for (const [key, group] of boxes) {
    for (const box of group) {
      box.addEventListener("click", () => goToKey(key));
      box.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        goToKey(key);
      });
    }
  }
  window.addEventListener("hashchange", () => go(fromHash() || current, true));
  darkness.addEventListener("change", () => go(current, true));
}

function start() {
  document.documentElement.classList.add("running");
  for (const hidden of document.querySelectorAll(".controls, .columns, .keys")) hidden.hidden = false;
  document.querySelector(".all").open = false;
  for (const step of steps) if (isBroken(step)) mark(keysOf(step.vertex), "bad");
  listSteps();
  listen();
  go(fromHash() || 1, true);
}

start();
