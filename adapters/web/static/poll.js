/** The page of a poll: drawn anew while the poll is open, times in the reader's zone, and a look for a receipt. */

import { Refusal, Server } from "./api.js";
import { byId, fill } from "./dom.js";
import { problems } from "./record.js";

const EVERY_MS = 2000;
const PROBLEMS_SHOWN = 5;
const HEAD_LETTERS = 16;
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const server = new Server();
let tag = "";

function localise(within) {
  for (const time of within.querySelectorAll("time")) {
    time.title = time.textContent;
    time.textContent = moment.format(new Date(time.dateTime));
  }
}

/** Fetches the page again, which costs nothing while nothing has changed, and replaces the parts that differ. */
async function refresh() {
  const response = await fetch(location.href, { cache: "no-cache" });
  if (!response.ok || response.headers.get("ETag") === tag) return;
  tag = response.headers.get("ETag");
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  localise(fresh);
  const ended = byId("poll").dataset.state !== fresh.getElementById("poll").dataset.state;
  byId("poll").dataset.state = fresh.getElementById("poll").dataset.state;
  for (const part of document.querySelectorAll("[data-live]")) {
    replace(part, fresh.querySelector(`[data-live="${part.dataset.live}"]`));
  }
  if (ended) byId("hearing").textContent = document.querySelector(".state").textContent;
}

/** What was opened stays open, and the focus stays where it was. */
function replace(part, fresh) {
  const stops = (within) => [...within.querySelectorAll("summary, a, [tabindex]")];
  const at = stops(part).indexOf(document.activeElement);
  const opened = [...part.querySelectorAll("details")].map(({ open }) => open);
  [...fresh.querySelectorAll("details")].forEach((details, index) => (details.open = opened[index] ?? false));
  if (part.isEqualNode(fresh)) return;
  part.replaceWith(fresh);
  if (at >= 0) stops(fresh)[at]?.focus({ preventScroll: true });
}

async function follow() {
  while (byId("poll").dataset.state === "open") {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (!document.hidden) await refresh().catch(() => {}); // Nobody answers: the page stays as it is until somebody does.
  }
}

async function check(event) {
  event.preventDefault();
  const answer = byId("answer");
  try {
    const found = await server.send("receipt", { poll: byId("poll").dataset.poll, code: byId("code").value });
    answer.textContent = `${found.included ? "✔" : "✖"} ${found.answer}`;
    answer.dataset.included = found.included ? "yes" : "no";
  } catch (error) {
    answer.textContent = error instanceof Refusal ? error.message : event.target.dataset.failed;
    answer.dataset.included = "no";
  }
}

/** Recomputes the record here, from the file that anybody can save. */
async function checkHere() {
  const { dataset } = byId("own-answer");
  let answer;
  try {
    const response = await fetch(dataset.file, { cache: "no-store" });
    if (!response.ok) throw new Error(response.statusText);
    const text = await response.text();
    const found = await problems(text);
    answer = found.length
      ? fill(dataset.broken, { problems: found.slice(0, PROBLEMS_SHOWN).join(" ") })
      : fill(dataset.whole, { head: JSON.parse(text).head.slice(0, HEAD_LETTERS) });
    dataset.holds = found.length ? "no" : "yes";
  } catch {
    answer = dataset.failed;
  }
  byId("own-answer").textContent = answer;
}

localise(document);
document.addEventListener("click", ({ target }) => target.id === "own-check" && checkHere());
if (byId("poll")) {
  byId("receipt").addEventListener("submit", check);
  server.hello().catch(() => {}); // It is asked again with the first receipt.
  follow();
}
