// Plays the GIF of a[data-plays] in its picture on hover, focus or tap; a reader who wants less motion follows the link.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const linkAt = ({ target }) => target.closest?.("a[data-plays]");
let last = "mouse";

const play = (link) => {
  const picture = link?.querySelector("img");
  if (!picture || link.dataset.still || calm.matches) return;
  link.dataset.still = picture.getAttribute("src");
  const gif = new Image();
  gif.onload = () => {
    if (link.dataset.still) picture.src = gif.src;
  };
  gif.src = link.href;
};
const stop = (link) => {
  if (!link?.dataset.still) return;
  link.querySelector("img").src = link.dataset.still;
  delete link.dataset.still;
};

document.addEventListener("pointerover", (event) => {
  last = event.pointerType;
  if (last === "mouse") play(linkAt(event));
});
document.addEventListener("pointerout", (event) => {
  const link = linkAt(event);
  if (event.pointerType === "mouse" && !link?.contains(event.relatedTarget)) stop(link);
});
document.addEventListener("focusin", (event) => {
  const link = linkAt(event);
  if (link?.matches(":focus-visible")) play(link);
});
document.addEventListener("focusout", (event) => stop(linkAt(event)));
document.addEventListener("pointerdown", ({ pointerType }) => last = pointerType);
document.addEventListener("click", (event) => {
  const link = linkAt(event);
  if (!link || last !== "touch" || calm.matches) return;
  event.preventDefault();
  if (link.dataset.still) stop(link);
  else play(link);
});
