// Asks before a form with data-confirm is sent; gives htmx's requests the token of the page's forms.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

document.addEventListener("htmx:config:request", ({ detail }) => {
  const token = document.querySelector('meta[name="form-token"]')?.content;
  if (token) detail.ctx.request.headers["X-Form-Token"] = token;
});
