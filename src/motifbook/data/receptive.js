// Draws the moving figure of the receptive-field chapter. It computes nothing: each setting's
// numbers were computed in Python (motifbook.toy_figures) and lie in the page as JSON.
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const LEFT = 46; // room for row names
  const ROW = 19;

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function draw(parent, tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  function picture(width, height, label) {
    const svg = document.createElementNS(SVG, "svg");
    for (const [name, value] of Object.entries({ width, height, role: "img", "aria-label": label }))
      svg.setAttribute(name, value);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    return svg;
  }

  const percent = (value) => `${Math.round(100 * value)}%`;

  function start(figure) {
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const largest = data.fields.length;
    const length = data.sequence.length;
    const colour = { GTG: "var(--gtg)", CAC: "var(--cac)" };
    const state = { pool: 3, stride: 3, shift: 0, follow: true };

    // --- Controls: native sliders, so that arrow keys, Page Up, Home and End work.
    const sliders = {};
    const controls = make("div", { class: "controls", role: "group", "aria-label": "Pooling" });
    const names = { pool: "Pool size", stride: "Stride", shift: "Shift of the grid" };
    for (const [key, name] of Object.entries(names)) {
      const output = make("output");
      const input = make("input", { type: "range", min: key === "shift" ? 0 : 1, step: 1 });
      input.setAttribute("aria-label", `${name}, in nucleotides`);
      input.addEventListener("input", () => move(key, Number(input.value)));
      controls.append(make("label", {}, `${name}: `, output, " nt", input));
      sliders[key] = { input, output };
    }
    const follow = make("input", { type: "checkbox" });
    follow.addEventListener("change", () => {
      state.follow = follow.checked;
      move("pool", state.pool);
    });
    controls.append(
      make("label", { class: "follow" }, follow, " stride follows pool size, as is usual"),
    );

    const map = make("div");
    const status = make("p", { class: "status", role: "status" });
    const cards = make("div", { class: "cards" });
    const charts = make("div", { class: "charts" });
    figure.querySelector(".still").replaceWith(controls, map, status, cards, charts);

    function move(key, value) {
      state[key] = value;
      if (key === "stride") state.follow = value === state.pool && state.follow;
      if (state.follow) state.stride = state.pool;
      state.stride = Math.min(state.stride, state.pool);
      state.shift = Math.min(state.shift, state.stride - 1);
      show();
    }

    function show() {
      const limits = { pool: largest, stride: state.pool, shift: state.stride - 1 };
      for (const [key, { input, output }] of Object.entries(sliders)) {
        input.max = limits[key];
        input.value = state[key];
        input.disabled = key === "shift" && limits.shift === 0;
        output.textContent = state[key];
      }
      follow.checked = state.follow;
      const at = (column) => data[column][state.pool - 1][state.stride - 1];
      const setting = {
        fields: at("fields"),
        distances: at("distances"),
        filters: at("filters"),
        start: at("start")[state.shift],
        cells: at("cells")[state.shift],
        views: at("views")[state.shift],
        fires: at("fires")[state.shift],
      };
      const [pooled, second] = setting.fields;
      const alike = data.pairs.filter((_, i) => setting.distances[1][i] < data.alike);
      const said = alike.length
        ? `Not told apart in random DNA: ${alike.map((pair) => pair.join(" and ")).join("; ")}.`
        : "All pairs can be told apart.";
      status.textContent =
        `A pooled neuron sees ${pooled} nt and shares ${Math.max(pooled - state.stride, 0)} with ` +
        `the next; a second-layer neuron sees ${second} nt. ${said}`;
      map.replaceChildren(sequenceMap(setting));
      cards.replaceChildren(...data.sites.map((_, i) => card(setting, i)));
      charts.replaceChildren(...data.pairs.map((_, i) => chart(setting, i)));
    }

    // --- The sequence, its feature maps and receptive fields.
    function sequenceMap(setting) {
      const width = Math.max(figure.clientWidth, 240); // 0 while the page is not laid out
      const unit = (width - LEFT - 2) / length;
      const x = (position) => LEFT + unit * position;
      const label =
        `The 60-nucleotide sequence with ${data.sites.map(([name]) => name).join(", ")}; above it ` +
        `the two max-pooled feature maps of ${setting.cells.length} pools each, below it the ` +
        "receptive field of each pattern's second-layer neuron.";
      const svg = picture(width, 22 + 4.6 * ROW + 3 * 15 + 24, label);
      const words = [...data.words].reverse(); // CAC nearest to the sequence
      const row = (name, y) => draw(svg, "text", { x: LEFT - 6, y, "text-anchor": "end" }, name);
      const clip = (low, high) => [Math.max(low, 0), Math.min(high, length)];

      data.sites.forEach(([name, first]) => {
        const text = { x: x(first + name.length / 2), y: 12, "text-anchor": "middle" };
        draw(svg, "text", { ...text, style: "fill: var(--pattern); font-weight: 600" }, name);
      });
      const tops = { [words[1]]: 20, [words[0]]: 20 + ROW + 2 };
      data.words.forEach((word, channel) => {
        row(word, tops[word] + 13);
        [...setting.cells].forEach((digit, cell) => {
          // A cell is drawn one stride wide, in the middle of the window that it covers.
          const low = setting.start + cell * state.stride + (state.pool - state.stride) / 2;
          const [from, to] = clip(low, low + state.stride);
          if (to <= from) return;
          const on = (Number(digit) >> channel) & 1;
          draw(svg, "rect", {
            x: x(from),
            y: tops[word],
            width: unit * (to - from),
            height: ROW,
            style: `fill: ${on ? colour[word] : "none"}; stroke: var(--line); stroke-width: 0.7`,
          });
        });
      });

      let y = 20 + 2 * ROW + 14;
      row("words", y + 5);
      data.hits.forEach((hits, channel) => {
        for (const hit of hits)
          draw(svg, "rect", {
            x: x(hit - 1) + 0.5,
            y: y - 4,
            width: 3 * unit - 1,
            height: 9,
            style: `fill: ${colour[data.words[channel]]}`,
          });
      });

      y += ROW + 4;
      row("DNA", y);
      const letters = unit >= 7.5;
      if (!letters)
        draw(svg, "rect", {
          x: x(0),
          y: y - 8,
          width: unit * length,
          height: 7,
          style: "fill: var(--line); opacity: 0.35",
        });
      [...data.sequence].forEach((letter, position) => {
        const ours = data.sites.some(([n, s]) => s <= position && position < s + n.length);
        const style = ours ? "fill: var(--pattern); font-weight: 700" : "opacity: 0.75";
        if (letters) {
          const text = { x: x(position + 0.5), y, "text-anchor": "middle" };
          draw(svg, "text", { ...text, style }, letter);
        } else if (ours) {
          const place = { x: x(position), y: y - 8, width: unit, height: 7 };
          draw(svg, "rect", { ...place, style: "fill: var(--pattern)" });
        }
      });

      y += 8;
      row("sees", y + 26);
      data.sites.forEach(([name], i) => {
        const first = setting.start + setting.views[i] * state.stride;
        const half = (setting.fields[0] - state.pool) / 2; // what the filter adds on each side
        const [low, high] = clip(first - half, first - half + setting.fields[1]);
        const bar = (from, to, style) => {
          const [a, b] = clip(from, to);
          if (b > a)
            draw(svg, "rect", { x: x(a), y, width: unit * (b - a), height: 12, style });
        };
        bar(low, high, "fill: none; stroke: var(--pattern); stroke-width: 1.2");
        for (let cell = 0; cell < 3; cell++) {
          const from = first + cell * state.stride - half;
          bar(from, from + setting.fields[0], "fill: var(--pattern); opacity: 0.28");
        }
        // Its name inside the bar, or beside it where the bar is short.
        const inside = unit * (high - low) > 80;
        const text = inside ? { x: x(low) + 4 } : { x: x(high) + 4 };
        if (!inside && x(high) + 75 > width) Object.assign(text, { x: x(low) - 4, "text-anchor": "end" });
        draw(svg, "text", { ...text, y: y + 10, style: "font-size: 10px" }, name);
        y += 16;
      });
      draw(svg, "text", { x: LEFT, y: y + 11, style: "opacity: 0.75" }, "position 1");
      const end = { x: x(length), y: y + 11, "text-anchor": "end", style: "opacity: 0.75" };
      draw(svg, "text", end, String(length));
      return svg;
    }

    // --- What the second layer sees of a pattern, and the filter that singles it out best.
    function card(setting, i) {
      const [name] = data.sites[i];
      const [weights, threshold, separation] = setting.filters[i];
      const view = [0, 1, 2].map((cell) => Number(setting.cells[setting.views[i] + cell] ?? 0));
      const box = 19;
      const words = data.words.map((word, channel) => {
        const cells = view.flatMap((digit, cell) => ((digit >> channel) & 1 ? [cell + 1] : []));
        return `${word} in ${cells.length ? `pool ${cells.join(" and ")}` : "no pool"}`;
      });
      const found = separation > 0;
      const label = `The second layer sees ${words.join(", ")}.`;
      const svg = picture(170, 2 * box + 18, label);
      draw(svg, "text", { x: 1, y: 11 }, "seen");
      if (found) draw(svg, "text", { x: 92, y: 11 }, "best filter");
      data.words.forEach((word, channel) => {
        for (let cell = 0; cell < 3; cell++) {
          const place = { y: 16 + channel * box, width: box, height: box };
          const line = "stroke: var(--line); stroke-width: 0.7";
          const fill = (view[cell] >> channel) & 1 ? colour[word] : "none";
          draw(svg, "rect", { x: 1 + cell * box, ...place, style: `fill: ${fill}; ${line}` });
          if (!found) continue;
          draw(svg, "rect", { x: 92 + cell * box, ...place, style: `fill: none; ${line}` });
          const sign = { "+": "+", "-": "−" }[weights[2 * cell + channel]] ?? "";
          const style = `fill: ${colour[word]}; font-size: 16px; font-weight: 700`;
          const text = { x: 92 + (cell + 0.5) * box, y: place.y + 15, "text-anchor": "middle" };
          draw(svg, "text", { ...text, style }, sign);
        }
      });
      const on = data.sites.filter((_, pattern) => (setting.fires >> (3 * pattern + i)) & 1);
      const here = on.length ? on.map(([pattern]) => pattern).join(", ") : "none of the three";
      // What a filter does here and would not do alone, the words and ends within its cells do.
      const alone = on.length === 1 && on[0][0] === name;
      const why = separation === 1 && !alone
        ? ", for its pools also hold words of other patterns, or reach past the end"
        : "";
      const says = found
        ? `Fires at a sum of ${threshold}. Alone and over all offsets: ${percent(separation)} more ` +
          `often on ${name} than on the others. In this sequence: on ${here}${why}.`
        : "No filter singles it out from the other two.";
      return make("div", {}, make("h4", {}, name), svg, make("p", {}, says));
    }

    // --- Distance of a pair against pool size, at this stride.
    function chart(setting, i) {
      const pair = data.pairs[i];
      const [alone, random] = setting.distances.map((values) => values[i].toFixed(2));
      const width = 150;
      const height = 66;
      const x = (pool) => 4 + ((width - 8) * (pool - 1)) / (largest - 1);
      const y = (distance) => height - 6 - (height - 12) * distance;
      const label = `Distance of ${pair.join(" and ")} against pool size; here ${alone}.`;
      const svg = picture(width, height, label);
      const line = (x1, y1, x2, y2, style) => draw(svg, "line", { x1, y1, x2, y2, style });
      line(4, y(0), width - 4, y(0), "stroke: var(--line)");
      line(4, y(data.alike), width - 4, y(data.alike), "stroke: var(--line); stroke-dasharray: 2 3");
      line(x(state.pool), 0, x(state.pool), height, "stroke: currentColor; opacity: 0.5");
      ["var(--alone)", "var(--random)"].forEach((stroke, kind) => {
        const points = [];
        for (let pool = 1; pool <= largest; pool++) {
          const stride = state.follow ? pool : state.stride;
          if (stride <= pool)
            points.push(`${x(pool)},${y(data.distances[pool - 1][stride - 1][kind][i])}`);
        }
        const style = `fill: none; stroke: ${stroke}; stroke-width: 1.8`;
        draw(svg, "polyline", { points: points.join(" "), style });
        draw(svg, "circle", {
          cx: x(state.pool),
          cy: y(setting.distances[kind][i]),
          r: 4,
          style: `fill: ${kind ? "var(--pst-color-background, #fff)" : stroke}; stroke: ${stroke}; stroke-width: 1.8`,
        });
      });
      const numbers = make("p", {});
      for (const [value, name, key] of [
        [alone, "alone", "--alone"],
        [random, "in random DNA", "--random"],
      ])
        numbers.append(
          make("span", { style: `color: var(${key}); font-weight: 600` }, value),
          ` ${name} `,
        );
      return make("div", {}, make("h4", {}, `${pair[0]} or ${pair[1]}?`), svg, numbers);
    }

    show();
    let width = figure.clientWidth;
    new ResizeObserver(() => {
      if (figure.clientWidth !== width) {
        width = figure.clientWidth;
        show();
      }
    }).observe(figure);
  }

  for (const figure of document.querySelectorAll("figure.receptive:not([data-ready])")) {
    figure.dataset.ready = "";
    start(figure);
  }
})();
