"use strict";
// Every table of class "filter" gets a field: rows without its words are hidden. Without scripts all rows stand.
for (const table of document.querySelectorAll("table.filter")) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 8) continue;
  const field = document.createElement("input");
  const label = document.createElement("label");
  const count = document.createElement("span");
  field.type = "search";
  label.className = "filter-field";
  count.setAttribute("role", "status");
  label.append(`${document.body.dataset.filter} `, field, " ", count);
  const box = table.closest(".wrap") || table;
  box.before(label);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every((word) => texts[i].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = words.length ? `${shown} / ${rows.length}` : "";
  });
}
