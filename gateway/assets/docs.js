// Filtering, opening what a link names, and trying an operation. The page reads well without.
"use strict";

for (const part of document.querySelectorAll(".scripted")) part.hidden = false;

const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const part of document.querySelectorAll("[data-search]")) {
    part.hidden = !part.dataset.search.includes(wanted);
  }
});

function open() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
}
window.addEventListener("hashchange", open);
open();

document.getElementById("sign-in").addEventListener("submit", (event) => event.preventDefault());

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const input of form.querySelectorAll("input")) {
    if (!input.value) continue;
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    if (input.dataset.in === "query") for (const each of input.value.split(" ")) query.append(input.name, each);
    if (input.dataset.in === "header") headers[input.name] = input.value;
  }
  const token = document.getElementById("token").value;
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = form.querySelector("textarea")?.value;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const shown = query.size ? `${path}?${query}` : path;
  return [shown, { method: form.dataset.method, headers, body }];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = form.querySelector("pre");
    shown.textContent = "…";
    try {
      const answer = await fetch(...request(form));
      shown.textContent = `${answer.status} ${answer.statusText}\n\n${pretty(await answer.text())}`;
    } catch (problem) {
      shown.textContent = String(problem);
    }
  });
}
