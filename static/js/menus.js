/* Small habits of <details class="menu">, dialogs and copy buttons.
 *   details.menu            closes on a click outside and on Escape
 *   [data-open-dialog=ID]   opens <dialog id=ID>; a click on the backdrop closes it
 *   [data-copy="text"]      copies the text and says so */
const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", async (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  const opener = event.target.closest?.("[data-open-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.openDialog)?.showModal();
  }
  if (event.target.matches?.("dialog.dialog[open]")) event.target.close();
  const copier = event.target.closest?.("[data-copy]");
  if (copier) {
    let text = "Copied.";
    try {
      await navigator.clipboard.writeText(copier.dataset.copy);
    } catch {
      text = "The browser does not allow copying here.";
    }
    document.dispatchEvent(new CustomEvent("cw:toast", { detail: { text, tone: "neutral" } }));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});
