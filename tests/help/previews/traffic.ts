/**
 * What else goes over the network of a real Grafana's page, or of a board with something of people's own on
 * it: HTML for the page, by kind. None of it says anything about the panels. `${n}` of an address only
 * keeps the browser from sharing one request.
 */
export const TRAFFIC: Record<string, string> = {
  "a worker from a blob": `<script>
    const source = 'onmessage = (event) => postMessage(event.data); setInterval(() => {}, 1000)';
    new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));</script>`,
  "a worker that fetches for ever": `<script>
    const work = 'fetch("' + location.origin + '/hang?worker").catch(() => {})';
    new Worker(URL.createObjectURL(new Blob([work], { type: "text/javascript" })));</script>`,
  "a picture in the page":
    `<img src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E">
    <script>const seen = new Image(); seen.src = URL.createObjectURL(new Blob([""]));</script>`,
  "a socket that is refused again and again": `<script>
    const dial = () => new WebSocket("ws://" + location.host + "/api/live/ws").onclose = () =>
      setTimeout(dial, 200);
    dial();</script>`,
  "an event stream": `<script>new EventSource("/events")</script>`,
  "a stream that is read": `<script>
    fetch("/drip").then(async (answer) => { for await (const part of answer.body); })</script>`,
  "long polls": `<script>
    const poll = () => fetch("/slow?" + Math.random()).then(poll);
    poll();</script>`,
  "short polls without a rest": `<script>
    const ask = () => fetch("/quick?" + Math.random()).then(ask);
    for (let i = 0; i < 3; i++) ask();</script>`,
  "a beacon": `<script>
    navigator.sendBeacon("/hang?beacon", "x");
    fetch("/hang?keepalive", { method: "POST", body: "{}", keepalive: true });</script>`,
  "a prefetch": `<link rel="prefetch" href="/hang?prefetch"><link rel="preload" as="fetch"
    href="/hang?preload" crossorigin><link rel="preconnect" href="/">`,
  "a request without an end": `<script>fetch("/hang?fetch");
    const request = new XMLHttpRequest(); request.open("GET", "/hang?xhr"); request.send();</script>`,
  "a picture without an end": `<img src="/hang?img">`,
  "a style sheet without an end": `<script>document.head.append(
    Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/hang?css" }))</script>`,
  "a font without an end": `<style>@font-face { font-family: F; src: url(/hang?font) }
    .box { font-family: F }</style><p style="font-family: F; position: absolute; top: 0">words</p>`,
  "a script without an end": `<script src="/hang?script" async></script>
    <script src="/hang?defer" defer></script><script src="/hang?module" type="module"></script>`,
  "a frame without an end": `<iframe src="/hang?frame" style="display: none"></iframe>`,
  "requests that are blocked": `<img src="https://4.basemaps.cartocdn.example/light/1.png"><script>
    setInterval(() => fetch("https://elsewhere.example/x").catch(() => {}), 50)</script>`,
  "a canvas that moves": `<script>setInterval(() => {
    const box = document.querySelector(".box");
    if (!box) return;
    const canvas = box.querySelector("canvas") ?? box.appendChild(document.createElement("canvas"));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "hsl(" + Date.now() % 360 + " 50% 50%)"; pen.fillRect(0, 0, 300, 150);
    }, 40)</script>`,
  "an annotation without an end": `<script>fetch("/api/ds/query", { method: "POST",
    headers: { "x-dashboard-uid": "b", "x-does": "hang" } })</script>`,
};
