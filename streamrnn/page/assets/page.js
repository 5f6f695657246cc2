// The live page: connects, shows what it is told, and says when it is told nothing.

import { Chart, aroundZero, axes, line, redraw, wallClock } from "./charts.js";
import { NONE, clock, count, element, fill, good, known, number, percent, rate, seconds } from "./format.js";
import { close, startStreams } from "./streams.js";

const SILENCE_SECONDS = 6;
const RETRY_SECONDS = 4;
const MOST_POINTS = 600;
const MARKS = { snapshot: "snapshot", "snapshot failed": "failure", rebalance: "rebalance", drift: "drift", failure: "failure", state: "state" };

const at = (id) => document.getElementById(id);
let points = [];
let curves = {};
let status = null;
let heard = 0;
let source = null;

const learning = new Chart(at("learning"), () => ({
  axes: axes("mean error"), series: [wallClock, line("model", "model"), line("last value", "naive", { dash: [6, 4] })],
}));
const gain = new Chart(at("gain"), () => ({
  axes: axes("better, %"), series: [wallClock, line("better than the last value, %", "good")], scales: { y: { range: aroundZero } },
}));
const flow = new Chart(at("flow"), () => ({
  axes: axes("events a second"), series: [wallClock, line("events/s", "model"), line("replayed/s", "rebalance", { dash: [2, 3] })],
}));
const delay = new Chart(at("delay"), () => ({
  axes: axes("seconds"), series: [wallClock, line("latency, median", "model"), line("latency, 99 %", "naive"), line("lag", "bad", { dash: [5, 3] })],
}));

function connect() {
  if (source) source.close();
  source = new EventSource("v1/live");
  source.addEventListener("whole", (event) => {
    const told = JSON.parse(event.data);
    points = told.points;
    curves = told.curves;
    take(told.status);
  });
  source.addEventListener("tick", (event) => {
    const told = JSON.parse(event.data);
    if (told.point && told.point.time > (points.at(-1)?.time ?? 0)) points = [...points, told.point].slice(-MOST_POINTS);
    take(told);
  });
  source.addEventListener("curves", (event) => {
    curves = JSON.parse(event.data);
    draw();
  });
  source.addEventListener("error", () => {
    silent();
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000 * RETRY_SECONDS);
  });
}

function take(told) {
  status = told;
  heard = Date.now();
  document.body.classList.remove("stale");
  at("alarm").hidden = true;
  const { about, ready } = told;
  document.title = `streamrnn: ${about.name}`;
  at("about").textContent = `${about.name}: ${about.task}. Version ${about.version}, ${about.engine} engine, up ${seconds(told.now - about.started)}.`;
  at("state").textContent = ready ? `${told.state}, not ready: ${ready}` : told.state;
  at("state").className = `pill ${ready ? "" : told.state === "running" ? "good" : told.state === "stopped" ? "bad" : ""}`;
  draw();
}

function silent() {
  document.body.classList.add("stale");
  at("state").textContent = "no contact";
  at("state").className = "pill bad";
  at("alarm").hidden = false;
  at("alarm").textContent = heard
    ? `The daemon does not answer since ${clock(heard / 1000)}. What you see is the last that it told.`
    : "The daemon does not answer.";
}

function draw() {
  const told = status;
  tiles(told);
  chooseTarget(told);
  drawLearning(told);
  const marks = told.marks.map((each) => ({ time: each.time, colour: MARKS[each.kind] || "state" }));
  const times = points.map((each) => each.time);
  flow.show([times, points.map((each) => each.events_per_second), points.map((each) => each.replayed_per_second || null)], marks);
  delay.show([times, points.map((each) => each.latency_median), points.map((each) => each.latency_99), points.map((each) => each.lag_seconds)], marks);
  tables(told);
}

function tiles(told) {
  const point = told.point || {};
  const near = told.targets.filter((each) => each.horizon <= 1);
  const skills = near.map((each) => each.skill).filter(known);
  const skill = skills.length ? skills.reduce((sum, each) => sum + each, 0) / skills.length : NaN;
  const naive = told.targets.some((each) => each.horizon === 0) ? "label" : "value";
  const letters = Object.values(told.dead_letters).reduce((sum, each) => sum + each, 0);
  const made = [
    ["Skill", percent(skill), known(skill) ? `${skill > 0 ? "" : "not "}better than the last ${naive}` : "no outcome yet", good(skill)],
    ["Events a second", rate(point.events_per_second), `${count(told.events)} since the start`, ""],
    ["Latency", seconds(point.latency_median), known(point.latency_99) ? `99 %: ${seconds(point.latency_99)}` : "median", ""],
    ["Lag", seconds(point.lag_seconds), known(point.lag_records) ? `${count(point.lag_records)} records` : "unknown", point.lag_seconds > 60 ? "bad" : ""],
    ["Live streams", count(told.streams), `${count(told.updates)} learning steps`, ""],
    ["Dead letters", count(letters), told.skipped_updates ? `${count(told.skipped_updates)} skipped updates` : "no skipped update", letters || told.skipped_updates ? "" : "good"],
  ];
  if (told.alerts) made.push(["Anomaly alerts", count(told.alerts), "since the start", ""]);
  at("tiles").replaceChildren(...made.map(([name, value, note, looks]) => element("div", { className: "tile" },
    element("p", {}, name), element("p", { className: `value ${looks}` }, value), element("p", {}, note))));
}

function chooseTarget(told) {
  const names = Object.keys(curves).length ? Object.keys(curves) : [...new Set(told.targets.map((each) => each.target))];
  const select = at("target");
  at("target-label").hidden = names.length < 2;
  if ([...select.options].map((each) => each.value).join("\n") === names.join("\n")) return;
  const before = select.value;
  select.replaceChildren(...names.map((each) => element("option", { value: each }, each)));
  if (names.includes(before)) select.value = before;
}

function drawLearning(told) {
  const name = at("target").value;
  const target = told.targets.find((each) => each.target === name);
  const bins = curves[name] || [];
  const note = at("learning-note");
  if (!target || !target.scored) {
    note.textContent = name === "label" ? "Nothing is scored yet: no label has come for an event that was answered."
      : "Nothing is scored yet: a forecast counts once its outcome has come.";
  } else {
    const gain = 1 - target.error / target.baseline_error;
    const words = name === "label" && target.horizon === 0 ? "Share of wrong answers" : target.horizon ? `Mean error of ${name}, ${target.horizon === 1 ? "the next step" : `${target.horizon} steps ahead`}` : `Mean error of ${name}`;
    note.textContent = `${words}: ${number(target.error)}, of the last ${name === "label" ? "label" : "value"} ${number(target.baseline_error)}: ${percent(Math.abs(gain))} ${gain >= 0 ? "better" : "worse"} over ${count(target.scored)} outcomes.`;
  }
  const times = bins.map((bin) => bin.time);
  const mean = (field) => bins.map((bin) => bin[field] / bin.scored);
  const marks = told.marks.filter((each) => each.kind !== "snapshot").map((each) => ({ time: each.time, colour: MARKS[each.kind] || "state" }));
  learning.show([times, mean("error"), mean("baseline_error")], marks);
  gain.show([times, bins.map((bin) => (bin.baseline_error > 0 ? 100 * (1 - bin.error / bin.baseline_error) : null))], marks);
}

function tables(told) {
  const level = (target) => told.intervals.filter((each) => each.target === target.target && each.horizon === target.horizon)
    .map((each) => `${percent(each.level, 0)}: ${percent(each.covered)}`).join(", ") || NONE;
  fill(at("quality"), ["Target", ["Steps", "number"], ["Scored", "number"], ["Error", "number"], ["Last value's", "number"], ["Skill, recent", "number"], ["Coverage", "number"]],
    told.targets.map((each) => [[each.target, "text"], [String(each.horizon), "number"], [count(each.scored), "number"], [number(each.error), "number"], [number(each.baseline_error), "number"], [percent(each.skill), `number ${good(each.skill)}`], [level(each), "number"]]), "Nothing to score.");
  fill(at("partitions"), ["Partition", ["Lag, records", "number"], ["Lag", "number"], ["Replay left", "number"]],
    told.partitions.map((each) => [`${each.topic}-${each.partition}`, [count(each.lag_records), "number"], [seconds(each.lag_seconds), "number"], [count(each.replay_left), "number"]]), "No partition is assigned.");
  const busy = Object.entries(told.point?.busy || {}).sort((a, b) => b[1] - a[1]);
  const bar = (share) => {
    const made = element("span", { className: "meter" });
    made.style.width = `${Math.min(100, 100 * share)}%`;
    return made;
  };
  fill(at("busy"), ["Stage", ["Share", "number"], ""], busy.map(([stage, share]) => [stage.replace("_", " "), [percent(share), "number"], [bar(share), "text"]]), "Not known yet.");
  fill(at("marks"), ["Time", "What", ""], told.marks.slice().reverse().map((each) => [clock(each.time), each.kind, [each.times > 1 ? `${each.text} and ${each.times - 1} more` : each.text, "text"]]), "Nothing yet.");
  fill(at("errors"), ["Time", "Kind", "Where", "What"], told.errors.slice().reverse().map((each) => [clock(each.time), each.kind, each.topic ? `${each.topic}-${each.partition}${each.offset >= 0 ? ` at ${each.offset}` : ""}` : NONE, [each.text, "text"]]), "None.");
}

function applyTheme() {
  const chosen = localStorage.getItem("theme") || "system";
  const dark = chosen === "dark" || (chosen === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  at("theme").textContent = `Theme: ${chosen}`;
  redraw();
}

function nextTheme() {
  const order = ["system", "light", "dark"];
  localStorage.setItem("theme", order[(order.indexOf(localStorage.getItem("theme") || "system") + 1) % 3]);
  applyTheme();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = ["INPUT", "SELECT"].includes(document.activeElement?.tagName);
  if (event.key === "Escape") {
    if (typing) document.activeElement.blur();
    else close();
  } else if (!typing && event.key === "/") {
    at("search").focus();
    event.preventDefault();
  } else if (!typing && event.key === "t") nextTheme();
});
at("theme").addEventListener("click", nextTheme);
at("target").addEventListener("change", () => drawLearning(status));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
setInterval(() => heard && Date.now() - heard > 1000 * SILENCE_SECONDS && silent(), 1000);
at("mark-legend").append(...["snapshot", "rebalance", "drift", "failure", "state"].map((name) => {
  const swatch = element("i");
  swatch.style.background = `var(--${name})`;
  return element("span", {}, swatch, name);
}));

applyTheme();
startStreams();
connect();
