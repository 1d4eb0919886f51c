// Better with it, whole without it: GOV.UK's components, and a warning before one is signed out.
import { initAll } from "./govuk-frontend.min.js";

initAll();

const WARN_BEFORE_S = 300;
const warning = document.getElementById("timeout");

if (warning) {
  const wait = Math.max(Number(warning.dataset.seconds) - WARN_BEFORE_S, 5) * 1000;
  let timer = setTimeout(show, wait);
  function show() {
    warning.hidden = false;
  }
  document.getElementById("stay").addEventListener("click", async () => {
    const answer = await fetch("/stay", { redirect: "manual" });
    if (answer.ok) {
      warning.hidden = true;
      clearTimeout(timer);
      timer = setTimeout(show, wait);
    } else {
      window.open("/sign-in", "_blank", "noopener");
    }
  });
}
