// What a page is like in the window that it stands in: run by test_pages_everyone.py. Gives an object of functions.
(() => {
  "use strict";
  const MAY_FOCUS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const PRESSED = "a[href], button, input:not([type=hidden]), select, textarea, summary";

  const WIDE_SIGN = /[\u3000-\u303f\uff00-\uff0f\uff1a-\uff20]/; // 、。（）and their like

  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const unseen = (element) => element.closest(".unseen, .skip") !== null;
  const words = (element) => {
    const text = (element.innerText || element.getAttribute("aria-label") || element.name || "").trim().slice(0, 24);
    return `${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""} "${text}"`;
  };

  // The page as a whole is never wider than its window: nobody scrolls to the side to read (WCAG 1.4.10).
  const wide = () => {
    const root = document.documentElement;
    const over = root.scrollWidth - root.clientWidth;
    return over > 0 ? [`${over} px wider than the window`] : [];
  };

  const block = (element) => {
    let at = element;
    while (at !== document.body && getComputedStyle(at).display === "inline") at = at.parentElement;
    return at;
  };

  // Every word lies inside of what holds it, or can be scrolled to by keyboard as well.
  const cut = () => {
    const found = new Set(), width = document.documentElement.clientWidth;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const holder = node.parentElement;
      if (!node.data.trim() || !shown(holder) || unseen(holder) || holder.closest("svg, option, script")) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        if (rect.width === 0) continue;
        const box = block(holder).getBoundingClientRect();
        const style = getComputedStyle(holder);
        const slack = 2 + (WIDE_SIGN.test(node.data) ? 0.55 * parseFloat(style.fontSize) : 0); // its empty half hangs out
        if (rect.right > box.right + slack || rect.left < box.left - 2) found.add(`spills out of its box: ${words(holder)}`);
        let scrolls = false;
        for (let at = holder; at !== document.documentElement; at = at.parentElement) {
          const style = getComputedStyle(at), edge = at.getBoundingClientRect();
          if (style.overflowX === "auto" || style.overflowX === "scroll") {
            scrolls = true;
            if (at.scrollWidth > at.clientWidth && at.tabIndex < 0) found.add(`no key scrolls it: ${words(at)}`);
            break;
          }
          if (style.overflowX !== "visible" && rect.right > edge.right + 2) found.add(`cut off: ${words(holder)}`);
          if (style.overflowY !== "visible" && rect.bottom > edge.bottom + 2) found.add(`cut off below: ${words(holder)}`);
        }
        if (!scrolls && (rect.right > width + 1 || rect.left < -1)) found.add(`beyond the window: ${words(holder)}`);
      }
    }
    const pen = document.createElement("canvas").getContext("2d");
    for (const field of document.querySelectorAll("select, input[placeholder]")) {
      if (!shown(field)) continue;
      const style = getComputedStyle(field);
      pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      const text = field.placeholder || (field.selectedOptions && field.selectedOptions[0] ? field.selectedOptions[0].text : "");
      const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const arrow = field.tagName === "SELECT" ? 16 : 0;
      if (pen.measureText(text).width > room - arrow + 2) found.add(`its words do not fit: ${words(field)} ${text}`);
    }
    return [...found];
  };

  // What is touched is as large as a finger: with its label, which is touched as well (WCAG 2.5.8).
  const small = (least) => {
    const found = [];
    for (const each of document.querySelectorAll(PRESSED)) {
      if (!shown(each) || unseen(each)) continue;
      const inline = getComputedStyle(each).display === "inline";
      if (inline && block(each).innerText.trim().length > each.innerText.trim().length) continue; // in a sentence
      const rects = [each, ...(each.labels || [])].filter(shown).map((one) => one.getBoundingClientRect());
      const width = Math.max(...rects.map((one) => one.right)) - Math.min(...rects.map((one) => one.left));
      const tall = Math.max(...rects.map((one) => one.height));
      const choice = each.type === "checkbox" || each.type === "radio";
      const height = choice && rects.length > 1 ? Math.max(rects[0].height, rects[1].height) : tall;
      if (width < least - 0.5 || height < least - 0.5) found.push(`${Math.round(width)} x ${Math.round(height)}: ${words(each)}`);
    }
    return found;
  };

  // Words in a chart are drawn as large as they can be read.
  const fine = (least) => {
    const found = new Set();
    for (const text of document.querySelectorAll("svg.chart text")) {
      if (!shown(text) || !text.textContent.trim()) continue;
      const scale = text.getScreenCTM().a, size = parseFloat(getComputedStyle(text).fontSize) * scale;
      if (size < least) found.add(`${size.toFixed(1)} px in a chart: ${text.closest("svg").getAttribute("aria-label")}`);
      const edge = text.closest("svg").getBoundingClientRect(), rect = text.getBoundingClientRect();
      if (rect.left < edge.left - 2 || rect.right > edge.right + 2) found.add(`beyond its chart: ${text.textContent}`);
    }
    return [...found];
  };

  // -- the keyboard -------------------------------------------------------------------------------

  const stops = () => {
    const groups = new Set();
    return [...document.querySelectorAll(MAY_FOCUS)].filter((each) => {
      if (each.disabled || each.tabIndex < 0 || !shown(each)) return false;
      if (each.type !== "radio") return true;
      const group = [...document.querySelectorAll(`input[type=radio][name="${each.name}"]`)];
      const one = group.find((other) => other.checked) || group[0];
      return one === each;
    });
  };

  const looks = (element) => {
    const seen = [element, ...(element.labels || [])].map((one) => getComputedStyle(one));
    return seen.map((one) => `${one.outlineStyle} ${one.outlineWidth} ${one.outlineColor} ${one.boxShadow} ${one.left}`).join("|");
  };

  let order = [], resting = [];
  const begin = () => {
    document.activeElement.blur();
    window.scrollTo(0, 0);
    order = stops();
    resting = order.map(looks);
    return order.length;
  };

  // Where the focus is: its place in the order, whether it can be seen there, and nothing lies over it (WCAG 2.4.7, 2.4.11).
  const here = () => {
    const at = document.activeElement;
    if (at === document.body || at === null) return { place: -1 };
    let place = order.indexOf(at);
    if (place < 0 && at.type === "radio") place = order.findIndex((each) => each.type === "radio" && each.name === at.name);
    const label = getComputedStyle(at).opacity === "0" && at.labels && at.labels[0] ? at.labels[0] : at;
    const box = label.getBoundingClientRect();
    const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), innerWidth - 1);
    const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 12), 1), innerHeight - 1);
    const over = document.elementFromPoint(x, y);
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const covered = over !== null && !label.contains(over) && !over.contains(label) && !(at.labels && [...at.labels].includes(over));
    return { place, what: words(at), seen: looks(at) !== resting[place] || place < 0, inside, covered };
  };

  // -- other ways to look -------------------------------------------------------------------------

  const moving = () =>
    [...document.querySelectorAll("*")].filter((each) => {
      const style = getComputedStyle(each);
      const lasts = (text) => text.split(",").some((one) => parseFloat(one) > 0);
      return lasts(style.transitionDuration) || lasts(style.animationDuration) || style.scrollBehavior === "smooth";
    }).map(words);

  const dark = (selector) =>
    [...document.querySelectorAll(selector)].filter(shown).filter((each) => {
      const [red, green, blue] = (getComputedStyle(each).backgroundColor.match(/[0-9.]+/g) || ["0", "0", "0"]).map(Number);
      return red + green + blue < 600;
    }).map(words);

  const chosen = () => {
    const found = [];
    for (const each of document.querySelectorAll(".tabs [aria-current], nav [aria-current]")) {
      const other = [...each.closest("ul, nav").querySelectorAll("a:not([aria-current])")][0];
      const look = (one) => { const style = getComputedStyle(one); return [style.fontWeight, style.borderBottomWidth, style.outlineStyle].join(); };
      if (other && look(each) === look(other)) found.push(`chosen by its colour alone: ${words(each)}`);
    }
    return found;
  };

  const unfold = () => document.querySelectorAll("details").forEach((each) => { each.open = true; });
  const enlarge = (percent) => { document.documentElement.style.fontSize = percent; };

  // A form of this page's token, sent as a browser sends it.
  const send = (path, fields, parts) => {
    const form = document.createElement("form"), token = document.querySelector("input[name=csrf]");
    form.method = "post";
    form.action = path;
    if (parts) form.enctype = "multipart/form-data";
    for (const [name, value] of Object.entries({ csrf: token ? token.value : "", ...fields })) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  };

  window.probe = { wide, cut, small, fine, begin, here, moving, dark, chosen, unfold, enlarge, send };
})();
