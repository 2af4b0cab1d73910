"use strict";
// Finding an operation and copying a command. The page is whole without it.
const box = document.getElementById("find");
const found = document.getElementById("found");
box.closest(".find").hidden = false;
const items = [...document.querySelectorAll("nav li")].map((li) => {
  const target = document.getElementById(li.firstElementChild.getAttribute("href").slice(1));
  const words = target.querySelector("h3").textContent + " " + target.querySelector(".sig").textContent + " " + target.querySelector(".id").textContent;
  return { li, target, words: words.toLowerCase() };
});
box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const i of items) {
    const hit = wanted.every((w) => i.words.includes(w));
    i.li.hidden = !hit;
    i.target.hidden = !hit;
    count += hit;
  }
  found.textContent = wanted.length ? `${count} of ${items.length} operations` : "";
});
for (const pre of document.querySelectorAll("pre.cmd")) {
  const b = document.createElement("button");
  b.className = "copy";
  b.type = "button";
  b.textContent = "Copy";
  b.addEventListener("click", async () => {
    await navigator.clipboard.writeText(pre.querySelector("code").textContent);
    b.textContent = "Copied";
    setTimeout(() => { b.textContent = "Copy"; }, 1500);
  });
  pre.append(b);
}
