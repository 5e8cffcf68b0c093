const body = document.querySelector("tbody"), rows = [...body.rows];
const find = document.getElementById("find"), matched = document.getElementById("matched");
function show() {
  const words = find.value.toLowerCase().split(/\s+/);
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every(word => text.includes(word)) ||
      (matched.checked && !row.classList.contains("matched"));
    count += !row.hidden;
  }
  document.getElementById("count").textContent = `${count} of ${rows.length}`;
}
find.addEventListener("input", show);
matched.addEventListener("change", show);
for (const head of document.querySelectorAll("th[aria-sort]")) {
  head.querySelector("button").addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending", at = head.cellIndex;
    for (const other of document.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = row => row.cells[at].dataset.key;
    rows.sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
      return up ? order : -order;
    });
    body.append(...rows);
  });
}
