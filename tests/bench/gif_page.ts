/**
 * A board in the manner of the built-in one, 1920×1080: stats, lines, bars, a table, a heat map.
 * `step(i)` draws frame i: still, only a clock and one figure change; lively, three charts move
 * (about 275,000 pixels a frame).
 */
export const GIF_PAGE = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; font: 14px sans-serif; background: #f4f5f5; color: #24292e }
  section { position: absolute; background: #fff; border: 1px solid #e0e2e6; border-radius: 3px }
  h2 { font-size: 14px; margin: 8px 12px } big { font-size: 52px; display: block; text-align: center }
  td, th { padding: 3px 14px; text-align: right; border-bottom: 1px solid #eee } table { width: 100% }
</style><body><script>
  let seed = 7; const random = () => (seed = seed * 16807 % 2147483647) / 2147483647;
  const panel = (title, x, y, w, h) => {
    const el = document.createElement("section");
    el.style.cssText = "left:" + x + "px;top:" + y + "px;width:" + w + "px;height:" + h + "px";
    el.innerHTML = "<h2>" + title + "</h2>"; document.body.append(el); return el;
  };
  const canvas = (el, w, h) => {
    const c = document.createElement("canvas"); c.width = w; c.height = h; el.append(c);
    return c.getContext("2d");
  };
  const colours = ["#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0"];
  const stats = ["WNS", "TNS", "Cells", "Area", "Power", "DRC"].map((name, i) => {
    const el = panel(name, 8 + i * 318, 8, 310, 130);
    el.insertAdjacentHTML("beforeend", "<big style='color:" + colours[i] + "'>" + (random() * 900).toFixed(2) + "</big>");
    return el.querySelector("big");
  });
  const charts = [0, 1, 2, 3].map((i) =>
    canvas(panel("slack by corner " + i, 8 + (i % 2) * 955, 150 + Math.floor(i / 2) * 300, 945, 290), 940, 250));
  const walks = charts.map(() => colours.map(() => { let v = random() * 150 + 50; return Array.from({ length: 400 }, () => v += random() * 12 - 6); }));
  const draw = (n, shift) => {
    const c = charts[n]; c.clearRect(0, 0, 940, 250); c.strokeStyle = "#e8e8e8"; c.fillStyle = "#666"; c.lineWidth = 1;
    for (let y = 10; y < 250; y += 40) { c.beginPath(); c.moveTo(40, y + .5); c.lineTo(935, y + .5); c.stroke(); c.fillText(String(250 - y), 8, y + 4); }
    walks[n].forEach((walk, k) => {
      c.strokeStyle = colours[k]; c.fillStyle = colours[k] + "22"; c.lineWidth = 1.5; c.beginPath();
      for (let x = 0; x < 300; x++) c.lineTo(40 + x * 3, walk[x + shift]);
      c.stroke(); c.lineTo(937, 250); c.lineTo(40, 250); c.fill();
    });
  };
  charts.forEach((_, n) => draw(n, 0));
  const heat = canvas(panel("density", 8, 752, 620, 320), 610, 270);
  for (let x = 0; x < 61; x++) for (let y = 0; y < 27; y++) {
    heat.fillStyle = "hsl(" + (240 - 200 * Math.abs(Math.sin(x / 9 + y / 7)) * random()) + " 80% 55%)"; heat.fillRect(x * 10, y * 10, 9, 9);
  }
  const bars = canvas(panel("violations by rule", 640, 752, 620, 320), 610, 270);
  for (let i = 0; i < 40; i++) {
    const g = bars.createLinearGradient(0, 0, 0, 270); g.addColorStop(0, colours[i % 8]); g.addColorStop(1, "#fff");
    bars.fillStyle = g; const h = random() * 250; bars.fillRect(i * 15, 270 - h, 12, h);
  }
  panel("runs", 1272, 752, 640, 320).insertAdjacentHTML("beforeend", "<table><tr><th>design<th>stage<th>wns<th>tns<th>area</tr>" +
    Array.from({ length: 11 }, (_, i) => "<tr><td>aes_" + i + "<td>route<td>" + (-random()).toFixed(3) + "<td>" + (-random() * 90).toFixed(2) + "<td>" + (random() * 1e5).toFixed(0)).join("") + "</table>");
  window.step = (i, lively) => {
    stats[2].textContent = (4000 + i * 3) + ".00";
    if (lively) for (const n of [0, 1, 2]) draw(n, i * 6);
  };
</script>`;
