/* A little spice; every page works without it. Copy buttons, and a chosen request file shown in the
   text field before it is sent. */
"use strict";

document.querySelectorAll("button.copy").forEach((button) => {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) {
    return;
  }
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
});

const summary = document.getElementById("errors");
if (summary) {
  summary.focus();
}

const file = document.getElementById("file");
const csr = document.getElementById("csr");
if (file && csr) {
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (chosen && chosen.size <= 65536) {
      const text = await chosen.text();
      if (/^[\t\r\n\x20-\x7e]*$/.test(text)) {
        csr.value = text;
        file.value = "";
      }
    }
  });
}
