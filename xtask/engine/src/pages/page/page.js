"use strict";
// Buttons that copy a command, and the search: the page is whole without either.
for (const box of document.querySelectorAll(".command")) {
  if (!navigator.clipboard) break; // It is there on secure origins alone.
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  const command = box.querySelector("code").textContent;
  button.setAttribute("aria-label", "Copy: " + command);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Failed";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  box.append(button);
}
const search = document.getElementById("search");
if (search) {
  const input = document.getElementById("words");
  const charts = Array.from(document.querySelectorAll(".chart"), (chart) => ({
    chart,
    text: chart.querySelector("header").textContent.toLowerCase(),
  }));
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { chart, text } of charts) {
      chart.hidden = !words.every((word) => text.includes(word));
      found += chart.hidden ? 0 : 1;
    }
    const status = words.length ? `${found} of ${charts.length} charts` : "";
    document.getElementById("found").textContent = status;
  };
  input.addEventListener("input", filter);
  search.hidden = false;
  filter(); // A browser may have kept the words of the last visit.
}
