// The list of streams, and the one that is watched.

import { Chart, axes, colour, eventClock, line, utcTicks } from "./charts.js";
import { NONE, count, element, fill, good, isDate, known, moment, number, percent } from "./format.js";

const ORDERS = { worst: "Worst skill", busiest: "Busiest", newest: "Newest", strangest: "Strangest", latest: "Last seen" };
const LIST_SECONDS = 5;
const MOST_POINTS = 500;

const at = (id) => document.getElementById(id);
let order = "worst";
let shown = [];
let chosen = null;
let source = null;
let points = [];
let kind = null;
let chart = null;
let asked = 0;

export function startStreams() {
  for (const [name, text] of Object.entries(ORDERS)) {
    const button = element("button", { type: "button" }, text);
    button.dataset.order = name;
    button.addEventListener("click", () => choose(name));
    at("orders").append(button);
  }
  let waiting = 0;
  at("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(list, 200);
  });
  at("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && shown.length) watch(shown[0].stream);
  });
  at("streams").addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr[data-stream]");
    if (row) watch(row.dataset.stream);
  });
  at("streams").addEventListener("keydown", move);
  at("close").addEventListener("click", close);
  choose("worst");
  setInterval(() => document.hidden || list(), 1000 * LIST_SECONDS);
  const named = new URLSearchParams(location.search).get("stream");
  if (named) watch(named);
}

function choose(name) {
  order = name;
  for (const button of at("orders").children) button.setAttribute("aria-pressed", String(button.dataset.order === name));
  list();
}

async function list() {
  const search = at("search").value.trim();
  const turn = ++asked;
  try {
    const answer = await fetch(`v1/streams?order=${order}&limit=50&search=${encodeURIComponent(search)}`);
    const told = await answer.json();
    if (turn !== asked) return;
    if (!answer.ok) throw new Error(told.reason);
    shown = told.streams;
    at("streams-note").textContent = search && !shown.length ? `No live stream here has “${search}” in its id.` : "";
  } catch (error) {
    at("streams-note").textContent = `The list is as it was: ${error.message}`;
    return;
  }
  draw();
}

function draw() {
  const focused = document.activeElement?.closest?.("#streams tr")?.dataset.stream;
  const rows = shown.map((each) => [
    [each.stream, "text"], [count(each.events), "number"], [percent(each.skill), `number ${good(each.skill)}`],
    [number(each.score, 3), "number"], [moment(each.last_seen), "number"],
  ]);
  const heads = ["Stream", ["Events", "number"], ["Skill", "number"], ["Anomaly", "number"], ["Last seen", "number"]];
  const body = fill(at("streams"), heads, rows, "No stream yet.");
  shown.forEach((each, place) => {
    const row = body.children[place];
    row.dataset.stream = each.stream;
    row.tabIndex = 0;
    row.setAttribute("aria-selected", String(each.stream === chosen));
    if (each.stream === focused) row.focus({ preventScroll: true });
  });
}

function move(event) {
  const row = event.target.closest("tbody tr[data-stream]");
  if (!row) return;
  if (event.key === "Enter" || event.key === " ") watch(row.dataset.stream);
  else if (event.key === "ArrowDown") row.nextElementSibling?.focus();
  else if (event.key === "ArrowUp") row.previousElementSibling?.focus();
  else return;
  event.preventDefault();
}

export function watch(stream) {
  close();
  chosen = stream;
  draw();
  at("stream-title").textContent = stream;
  at("stream-note").textContent = "Waiting for its next event.";
  at("close").hidden = false;
  history.replaceState(null, "", `?stream=${encodeURIComponent(stream)}`);
  source = new EventSource(`v1/watch?stream=${encodeURIComponent(stream)}`);
  source.addEventListener("stream", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    points = [];
    if (source.readyState === EventSource.CLOSED) at("stream-note").textContent = "Not watched: too many pages look already, or the daemon ended.";
  });
}

export function close() {
  if (source) source.close();
  source = chosen = kind = null;
  points = [];
  if (chart) chart.clear();
  at("stream-chart").replaceChildren();
  at("stream-facts").replaceChildren();
  at("stream-title").textContent = "One stream";
  at("stream-note").textContent = "Choose a stream to see its outcomes against what was forecast, as they come.";
  at("close").hidden = true;
  history.replaceState(null, "", location.pathname);
  draw();
}

function take(piece) {
  points = points.concat(piece.points).slice(-MOST_POINTS);
  const wanted = points.some((each) => each.label) ? "classes" : "numbers";
  if (piece.found) facts(piece.found, wanted);
  if (!points.length) {
    at("stream-note").textContent += " None of its events is among the last: the chart begins with its next one.";
    return;
  }
  points.sort((a, b) => a.time - b.time);
  if (wanted !== kind) {
    kind = wanted;
    at("stream-chart").replaceChildren();
    chart = new Chart(at("stream-chart"), kind === "classes" ? classOptions : numberOptions);
  }
  chart.show(kind === "classes" ? classColumns() : numberColumns());
}

function facts(found, drawn) {
  if (!found.length) {
    at("stream-note").textContent = "It is not live here: it expired, or another instance has its partition.";
    return;
  }
  const [{ topic, partition, replaying, stream }] = found;
  const rows = [
    ["Events", count(stream.events)], ["Last seen", moment(stream.last_seen)],
    ["Newest event", `${topic}-${partition} at ${stream.offset}`],
  ];
  for (const target of stream.targets) {
    const name = stream.targets.length > 1 ? `${target.target}: ` : "";
    const say = (value) => (typeof value === "string" ? value : number(value));
    const words = typeof target.forecast === "string" ? "Newest answer" : "Next forecast";
    rows.push([`${name}${words}`, say(target.forecast ?? NONE)]);
    for (const each of target.intervals) rows.push([`${name}${percent(each.level, 0)} interval`, `${number(each.low)} to ${number(each.high)}`]);
    if (target.settled) {
      rows.push([`${name}Last outcome`, say(target.settled.outcome)]);
      rows.push([`${name}Forecast for it`, say(target.settled.forecast)]);
    }
    rows.push([`${name}Error, last ~100`, number(target.error)], [`${name}Last value's error`, number(target.baseline_error)]);
    rows.push([`${name}Skill`, percent(target.skill)]);
    if (known(target.score)) rows.push([`${name}Anomaly score`, number(target.score, 3)]);
  }
  at("stream-facts").replaceChildren(...rows.map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, text))));
  const words = drawn === "classes" ? "How probable each answer was held, and whether its label agreed" : "Outcomes against the forecasts made for them, with the interval";
  at("stream-note").textContent = replaying ? "Its shard is replaying: this is how it stood then." : `${words}; newest on the right.`;
}

function numberColumns() {
  const first = (list) => (list.length && list[0] !== null ? list[0] : null);
  const times = points.map((each) => each.time);
  const outcomes = points.map((each) => first(each.outcomes));
  const forecasts = points.map((each) => first(each.settled));
  const alerts = points.map((each) => (each.alert ? first(each.outcomes) : null));
  // an interval is given with the event before
  const low = [null, ...points.map((each) => first(each.low))];
  const high = [null, ...points.map((each) => first(each.high))];
  const newest = points.at(-1);
  const gaps = times.slice(1).map((time, place) => time - times[place]).filter((gap) => gap > 0).sort((a, b) => a - b);
  times.push(newest.time + (gaps[gaps.length >> 1] || 1));
  outcomes.push(null);
  alerts.push(null);
  forecasts.push(first(newest.forecasts));
  return [times, high, low, forecasts, outcomes, alerts];
}

function numberOptions() {
  const times = points.length && isDate(points[0].time);
  return {
    scales: { x: { time: times } },
    legend: { live: true },
    axes: axes("", times ? utcTicks : {}),
    series: [
      { label: "Event time", value: eventClock },
      line("high", "model", { width: 0 }), line("low", "model", { width: 0 }), line("forecast", "model", { dash: [5, 4] }),
      line("outcome", "ink", { width: 1.4, points: { show: true, size: 4, fill: colour("ink") } }),
      line("alert", "bad", { width: 0, points: { show: true, size: 11, width: 2, fill: "transparent" } }),
    ],
    bands: [{ series: [1, 2], fill: colour("band") }],
  };
}

function classColumns() {
  const right = points.map((each) => (each.label?.settled != null && each.label.settled === each.label.outcome ? each.label.probability ?? 1 : null));
  const wrong = points.map((each) => (each.label?.settled != null && each.label.settled !== each.label.outcome ? each.label.probability ?? 0 : null));
  return [points.map((each) => each.time), points.map((each) => each.label?.probability ?? null), right, wrong];
}

function classOptions() {
  const times = points.length && isDate(points[0].time);
  const dots = (name) => ({ width: 0, points: { show: true, size: 8, fill: colour(name) } });
  return {
    scales: { x: { time: times }, y: { range: [0, 1] } },
    axes: axes("probability of the answer", times ? utcTicks : {}),
    series: [{ label: "Event time", value: eventClock }, line("answer", "soft"), line("label agreed", "good", dots("good")), line("label differed", "bad", dots("bad"))],
  };
}
