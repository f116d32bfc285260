// The form of the imports page: files are checked when they are chosen or dropped, and written when their reader
// agrees. The answers are whole pages, of which the parts that changed are taken.
const form = document.getElementById("import");
const part = (id, page = document) => page.getElementById(`import-${id}`);
const counted = (files) => `${files.length} ${files.length === 1 ? "file" : "files"}`;

const start = () => {
  const input = part("files");
  const zone = input.closest(".drop");
  const button = form.querySelector("button[type=submit]");
  const status = part("status");
  const sending = part("sending");
  const token = () => document.querySelector('meta[name="form-token"]');
  let request;
  let isChecked = false;
  let isStale = false;

  const setState = (state) => {
    isChecked = state === "checked";
    button.hidden = state === "empty" || state === "sending";
    button.textContent = isChecked ? `Import ${counted(input.files)}` : "Check again";
    sending.hidden = state !== "sending";
    form.ariaBusy = `${state === "sending"}`;
  };
  const say = (text) => {
    status.textContent = text;
    sending.querySelector("span").textContent = text;
  };
  const setFault = (...content) => {
    const line = document.createElement("p");
    line.className = "fault";
    line.append(...content);
    part("fault").replaceChildren(line);
  };
  const clearFaults = () => {
    part("fault").replaceChildren();
    for (const fault of form.querySelectorAll(".entry .fault")) fault.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
    }
  };

  /** What is wrong, where the answer has it: beside the files, or at a field. */
  const takeFaults = (page) => {
    part("fault").replaceChildren(...part("fault", page).childNodes);
    for (const fault of page.querySelectorAll("#import .entry .fault")) {
      const field = document.getElementById(fault.id.replace(/-fault$/, ""));
      field.ariaInvalid = "true";
      field.setAttribute("aria-describedby", fault.id);
      field.after(fault);
    }
    part("more").open ||= part("more", page).open;
  };

  /** Returns whether the answer is a success. */
  const take = (page, isCheck) => {
    const shown = part("answer", page);
    if (new URL(request.responseURL).pathname === "/sign-in") {
      isStale = true;
      const link = Object.assign(document.createElement("a"), {
        href: "/sign-in?next=/imports",
        target: "_blank",
        textContent: "Sign in in another tab",
      });
      setFault("Your session has ended. ", link, ", then go on here.");
      return false;
    }
    if (!shown) {
      isStale = true;
      setFault(page?.querySelector("h1")?.textContent ?? "The answer was not understood.");
      return false;
    }
    token().content = page.querySelector('meta[name="form-token"]').content;
    takeFaults(page);
    if (request.status >= 300) return false;
    part("answer").replaceChildren(...shown.childNodes);
    say(part("answer").querySelector("h2").textContent);
    if (isCheck) return true;
    part("list").replaceWith(part("list", page));
    part("answer").querySelector("h2").focus();
    input.value = "";
    return true;
  };

  const body = () => {
    const data = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value && name !== "form_token") data.append(name, value);
    }
    for (const file of input.files) data.append("files", file);
    return data;
  };

  /** After another sign-in the page's token is no longer the session's. */
  const renewToken = async () => {
    const reply = await fetch("/imports");
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    token().content = page.querySelector('meta[name="form-token"]').content;
    isStale = false;
  };

  const send = async (isCheck) => {
    request?.abort();
    clearFaults();
    if (isCheck) part("answer").replaceChildren();
    const bytes = [...input.files].reduce((sum, { size }) => sum + size, 0);
    if (bytes > Number(input.dataset.most)) {
      const [own, most] = [bytes, input.dataset.most].map((size) => Math.ceil(size / 2 ** 20));
      setState("failed");
      return setFault(
        `The files have ${own} MiB, and ${most} MiB may be sent at once: send fewer.`,
      );
    }
    setState("sending");
    if (isStale) await renewToken().catch(() => {});
    const own = request = new XMLHttpRequest();
    const failed = isCheck ? "failed" : "checked";
    const bar = sending.querySelector("progress");
    const cancel = sending.querySelector("button");
    bar.value = 0;
    cancel.hidden = false;
    say(`Sending ${counted(input.files)}`);
    own.upload.onprogress = ({ loaded, total }) => bar.value = loaded / total;
    own.upload.onload = () => {
      bar.removeAttribute("value");
      cancel.hidden = !isCheck;
      say(isCheck ? "Checking" : "Writing");
    };
    own.onload = () => {
      say("");
      if (!take(own.response, isCheck)) setState(failed);
      else setState(isCheck ? "checked" : "empty");
    };
    own.onabort = () => {
      if (own !== request) return;
      setState(failed);
      say("Cancelled");
    };
    own.onerror = () => {
      setState(failed);
      say("");
      isStale = true;
      setFault(
        "The files could not be read or sent. Choose them again, files instead of folders; ",
        "the list below shows what has been written.",
      );
    };
    own.open("POST", isCheck ? "/imports?dry_run=true" : "/imports");
    own.responseType = "document";
    own.setRequestHeader("X-Form-Token", token().content);
    own.send(body());
  };

  const choose = () => {
    if (input.files.length > 0) send(true);
  };
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

  setState("empty");
  form.querySelector("[data-without-script]").hidden = true;
  form.querySelector("[data-with-script]").hidden = false;
  sending.querySelector("button").addEventListener("click", () => request.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(!isChecked);
  });
  form.addEventListener("change", ({ target }) => {
    if (target === input) choose();
    else if (!isChecked || /^(?:table|kind|format)$/.test(target.name)) choose();
  });
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) zone.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    choose();
  });
};
if (form) start();
