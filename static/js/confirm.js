/* "Are you sure?" in our own dialog, for <form data-confirm="…">, <button data-confirm="…"> and htmx's hx-confirm.
 * data-confirm-yes="Delete" names the button; data-confirm-tone="danger" makes it red. Without scripts forms just go. */
const dialog = document.getElementById("confirm-dialog");
const confirmed = new WeakSet();

function ask(text, element) {
  const yes = dialog.querySelector("[data-confirm-ok]");
  const source = element?.closest?.("[data-confirm-yes], [data-confirm-tone], [data-confirm]") ?? element;
  dialog.querySelector("#confirm-text").textContent = text;
  yes.textContent = source?.dataset?.confirmYes ?? "Continue";
  yes.classList.toggle("danger", source?.dataset?.confirmTone === "danger");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

if (dialog) {
  // Capturing, so that neither htmx nor the browser sees the first submit.
  document.addEventListener(
    "submit",
    async (event) => {
      const form = event.target;
      const { submitter } = event;
      const text = submitter?.dataset.confirm ?? form.dataset.confirm;
      if (!text || confirmed.delete(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!(await ask(text, submitter?.dataset.confirm ? submitter : form))) return;
      confirmed.add(form);
      form.requestSubmit(submitter ?? undefined);
    },
    true,
  );

  document.addEventListener("htmx:confirm", async (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    if (await ask(event.detail.question, event.detail.elt)) event.detail.issueRequest(true);
  });
}
