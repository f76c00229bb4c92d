"use strict";
/* The page of a trace: which step is shown, and how. The graphs are in the page already; this marks them, fills the
   panel and listens. What comes from the traced program is only ever set as text, never as markup. */

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const reduced = window.matchMedia("(prefers-color-scheme: dark)");
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

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/* Numbers */

function show(number, digits = 4) {
  if (typeof number === "string") return number === "nan" ? "NaN" : number;
  const size = Math.abs(number);
  if (number === 0 || (Number.isInteger(number) && size < 1e6)) return String(number);
  return size >= 1e-3 && size < 1e5 ? String(Number(number.toPrecision(digits))) : number.toExponential(2);
}

function shapeText(shape) {
  return "(" + shape.join(", ") + (shape.length === 1 ? ",)" : ")");
}

function tint(share) {
  const colour = getComputedStyle(document.documentElement).getPropertyValue(share > 0 ? "--plus" : "--minus");
  return `rgba(${colour}, ${(Math.abs(share) * 0.62).toFixed(3)})`;
}

function figures(array) {
  const parts = [];
  if (array.figures) {
    const [norm, mean, least, greatest] = array.figures.map((figure) => show(figure, 3));
    const which = array.nan || array.inf ? "of the finite: " : "";
    parts.push(`${which}norm ${norm}`, `${least} … ${greatest}`, `mean ${mean}`);
  }
  if (array.zeros) parts.push(array.zeros === 1 ? "1 zero" : `${array.zeros} zeros`);
  if (array.nan) parts.push(`${array.nan} NaN`);
  if (array.inf) parts.push(`${array.inf} infinite`);
  return parts.join(" · ");
}

function numbersTable(rows, scale, more) {
  const table = element("table");
  for (const row of rows) {
    const line = table.insertRow();
    for (const number of row) {
      const cell = line.insertCell();
      cell.textContent = show(number);
      cell.dataset.value = number;
      if (typeof number === "string") cell.className = "bad";
      else if (scale > 0 && number !== 0) cell.style.background = tint(number / scale);
    }
    if (more.columns) Object.assign(line.insertCell(), { textContent: "…", className: "more" });
  }
  if (more.rows) Object.assign(table.insertRow().insertCell(), { textContent: "⋮", className: "more" });
  return table;
}

/* Cells are as large as fits a card; a narrow picture stands beside the corner, a wide one below it. */
function heat(array, label) {
  const rows = array.picture.split(" ");
  const fit = (room, count) => Math.max(3, Math.min(14, Math.floor(room / count)));
  const width = fit(264, rows[0].length);
  const height = fit(84, rows.length);
  const canvas = element("canvas");
  canvas.width = rows[0].length * width;
  canvas.height = rows.length * height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Heat picture of ${label} ${shapeText(array.shape)}: ${figures(array)}`);
  canvas.title = "blue below zero, orange above";
  const ink = canvas.getContext("2d");
  const bad = getComputedStyle(document.documentElement).getPropertyValue("--bad");
  rows.forEach((row, down) => [...row].forEach((letter, across) => {
    ink.fillStyle = letter === "N" || letter === "I" ? bad : tint((letter.charCodeAt(0) - 109) / 12);
    ink.fillRect(across * width, down * height, width, height);
  }));
  return canvas;
}

function arrayView(number, label) {
  const array = data.arrays[number];
  const view = element("div", undefined, "array");
  view.dataset.name = label;
  const head = element("div");
  head.append(element("code", label), ` ${shapeText(array.shape)} ${array.dtype || "float32"}`);
  view.append(head);
  if (figures(array)) view.append(element("div", figures(array), "figures"));
  const sizes = (array.figures || []).slice(2).map((each) => (typeof each === "number" ? Math.abs(each) : 0));
  const scale = Math.max(...sizes, 0);
  if (array.numbers) view.append(numbersTable(array.numbers, scale, {}));
  if (array.corner) {
    const corner = array.corner;
    const across = array.shape[array.shape.length - 1];
    const down = array.shape.slice(0, -1).reduce((product, length) => product * length, 1);
    const more = { rows: down > corner.length, columns: across > corner[0].length };
    const both = element("div", undefined, "both");
    both.append(numbersTable(corner, scale, more), heat(array, label));
    view.append(both);
  }
  return view;
}

/* The panel */

function sourceView(step) {
  const block = element("pre", undefined, "source");
  if (!step.caret) {
    block.textContent = step.source;
    return block;
  }
  const [start, length] = step.caret;
  const characters = [...step.source];
  block.append(characters.slice(0, start).join(""));
  block.append(element("mark", characters.slice(start, start + length).join("")));
  block.append(characters.slice(start + length).join("") + "\n");
  const carets = element("span", " ".repeat(start) + "^".repeat(length), "caret");
  carets.setAttribute("aria-hidden", "true");
  block.append(carets);
  return block;
}

const BAD = ["nan", "inf"];
const WORDS = { nan: "NaN", inf: "infinite", zero: "all zero", large: "large numbers", accumulated: "added to an earlier gradient", unbroadcast: "summed over broadcast axes" };

function headView(step) {
  const head = element("h2", step.op);
  if (step.name) head.append(element("span", `→ ${step.name}`));
  if (step.module) head.append(element("span", `in ${step.module}`));
  if (step.where) head.append(element("span", step.where));
  for (const flag of step.flags) {
    head.append(element("b", WORDS[flag] || flag, BAD.includes(flag) ? "badge bad" : "badge"));
  }
  return head;
}

function card(title, parts, className) {
  const made = element("div", undefined, className ? `card ${className}` : "card");
  if (title) made.append(element("h4", title));
  made.append(...parts);
  return made;
}

/* A card with more columns of numbers than fit takes the room of two. */
function widened(made) {
  for (const row of made.querySelectorAll("tr:first-child")) if (row.cells.length > 5) made.classList.add("wide");
  return made;
}

function cards(title, made) {
  if (!made.length) return [];
  const grid = element("div", undefined, "cards");
  grid.append(...made.map(widened));
  return [element("h3", title), grid];
}

/* One array, or each of several outputs. */
function arrayViews(numbers, name) {
  if (!Array.isArray(numbers)) return [arrayView(numbers, name)];
  return numbers.flatMap((number, place) => (number === null ? [] : [arrayView(number, `${name}s[${place}]`)]));
}

function inputCard(step, operand) {
  const value = step.takes[operand];
  const name = step.names[operand];
  const source = nameOf(step.from[operand]);
  const title = source && source !== name ? `${name}: ${source}` : name;
  if (typeof value === "string") return card(title, [element("p", value)]);
  if (typeof value === "number") return card(title, [arrayView(value, "value")]);
  return card(title, [element("p", `${shapeText(value)}: not kept; run the forward pass under debug.recording()`)]);
}

function contributionCard(step, operand) {
  const given = step.gives[operand];
  const name = step.names[operand];
  const source = nameOf(step.from[operand]);
  const made = card(`to ${name}${source && source !== name ? `: ${source}` : ""}`, []);
  if (step.formulas[operand]) made.append(element("code", step.formulas[operand]));
  if (given.returned) made.append(element("p", `the rule returned ${shapeText(given.returned)}; summed to the input's shape`));
  made.append(arrayView(given.array, `grad_${name}`));
  if (given.after === undefined) return made;
  const sum = element("div", undefined, "sum");
  sum.append(element("p", "added to what had arrived there before:"));
  if (given.before !== undefined) sum.append(arrayView(given.before, "before"));
  sum.append(arrayView(given.after, "accumulated"));
  made.append(sum);
  return made;
}

/* The places of a list that hold something. */
function filled(list) {
  return list.map((value, place) => (value === null ? -1 : place)).filter((place) => place >= 0);
}

function forwardPanel(step) {
  const lost = "No rule has kept the output of this operation: run the forward pass under debug.recording().";
  const inputs = filled(step.takes).map((operand) => inputCard(step, operand));
  if (step.output === undefined) return [element("p", lost), ...cards("Inputs", inputs)];
  return [...cards("Output", [card("", arrayViews(step.output, "output"), "hot")]), ...cards("Inputs", inputs)];
}

function backwardPanel(step) {
  if (step.gradient === undefined) return [element("p", "No gradient arrived here, so the rule was not run.")];
  const arrived = card("arrived", arrayViews(step.gradient, "grad_output"), "hot");
  const given = filled(step.gives).map((operand) => contributionCard(step, operand));
  const saved = filled(step.read).map((place) => {
    const value = step.read[place];
    const name = step.savedNames[place];
    return card("", typeof value === "string" ? [element("code", `${name} = ${value}`)] : arrayViews(value, name));
  });
  return [...cards("The gradient, and what it becomes", [arrived, ...given]), ...cards("What the rule read", saved)];
}

function panel(step) {
  const parts = [headView(step)];
  if (step.source) parts.push(sourceView(step));
  if (step.phase === "backward") {
    const rule = element("p", undefined, "rule");
    rule.append(element("code", step.rule));
    parts.push(rule);
  }
  return [...parts, ...(step.phase === "forward" ? forwardPanel(step) : backwardPanel(step))];
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
  for (const key of here) for (const box of boxes.get(key) || []) intoView(box);
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
  reduced.addEventListener("change", () => go(current, true));
}

function start() {
  for (const hidden of document.querySelectorAll(".controls, .columns, .keys")) hidden.hidden = false;
  document.querySelector(".all").open = false;
  for (const step of steps) if (isBroken(step)) mark(keysOf(step.vertex), "bad");
  listSteps();
  listen();
  go(fromHash() || 1, true);
}

start();
