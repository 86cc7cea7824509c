// Sends one file after the other with its progress, and says when the terminal has fetched them. Without a script the
// form goes as a whole, and the next page says what became of it.
"use strict";

const form = document.getElementById("send-form");
const list = document.getElementById("send-list");
const state = document.getElementById("send-state");
const TURN = 4000; // ms between two looks, while the page is seen
let arrived = false; // whether anything of this page's has

function row(name) {
  const item = document.createElement("li");
  const title = document.createElement("p");
  const said = document.createElement("p");
  const bar = document.createElement("progress");
  title.textContent = name;
  said.className = "hint";
  said.setAttribute("role", "status");
  said.textContent = form.dataset.sending;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", form.dataset.sending);
  item.append(title, bar, said);
  list.append(item);
  list.hidden = false;
  return { bar, said };
}

// Resolves with whether more may be sent.
function send(file) {
  const shown = row(file.name);
  const body = new FormData();
  body.append("csrf", form.elements.csrf.value);
  body.append("paper", file);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) shown.bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () => {
      const answer = request.response;
      const told = answer !== null && typeof answer === "object" && typeof answer.said === "string";
      const ok = told && answer.ok === true;
      arrived = arrived || ok;
      shown.bar.hidden = true;
      shown.said.className = ok ? "ok" : "error";
      shown.said.textContent = told ? answer.said : form.dataset.failed;
      if (told && answer.open === false) over();
      done(!told || answer.open !== false);
    });
    request.send(body);
  });
}

function over() {
  form.hidden = true;
  if (arrived) tell(form.dataset.ended, "warn");
  else tell(form.dataset.over, "bad");
}

function tell(text, tone) {
  if (state.textContent !== text) state.textContent = text;
  state.className = `note ${tone}`;
  state.hidden = false;
}

async function look() {
  const answer = await fetch(form.dataset.state, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const found = await answer.json();
  if (!found.open) over();
  else if (found.waiting > 0) tell(form.dataset.waiting, "warn");
  else if (arrived) tell(form.dataset.fetched, "ok");
}

if (form !== null) {
  const input = form.elements.paper;
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    for (const file of [...input.files]) {
      if (!(await send(file))) break;
    }
    input.value = "";
    button.disabled = false;
  });
  setInterval(() => {
    if (!document.hidden && !form.hidden) look().catch(() => {}); // the next one may get through
  }, TURN);
}
