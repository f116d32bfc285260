// Sends the "Try" forms of the API page with the key of its field, which no form submits and nothing stores.
const field = document.getElementById("api-key");
for (const part of document.querySelectorAll("[data-try], #api-key-part")) part.hidden = false;
addEventListener("pagehide", () => {
  if (field) field.value = "";
});

const read = async (response) => {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("json")) return JSON.stringify(await response.json(), null, 2);
  if (type.startsWith("text/")) return await response.text();
  return `${type}, ${(await response.arrayBuffer()).byteLength} bytes`;
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.try === undefined) return;
  event.preventDefault();
  let path = form.dataset.try;
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "") query.append(name, value);
  }
  const shown = form.querySelector("pre");
  shown.hidden = false;
  shown.textContent = "Sending";
  try {
    const headers = { Authorization: `Bearer ${field.value.trim()}` };
    const address = query.size > 0 ? `${path}?${query}` : path;
    const response = await fetch(address, { headers, credentials: "omit", cache: "no-store" });
    shown.textContent = `${response.status}\n${await read(response)}`;
  } catch {
    shown.textContent = "The request could not be sent.";
  }
});

// A link to an operation or an object opens what it is in.
const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details.operation")) target.open = true;
};
addEventListener("hashchange", open);
open();
