// What only a browser can do: keys, the clipboard, the scroll position, and fitting text to its boxes.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const LAST = "allinone-last-photo";
  const BOXES = "allinone-show-boxes";
  history.scrollRestoration = "manual";

  const field = () => $("form.search input");
  const onGrid = () => $("#photos") !== null;
  const tileLinks = () => $$("#photos [role=list] a");
  const typing = (target) => target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea");

  // ---- the grid: queries in the address, and coming back to the same place ----

  let restore = null;

  function gridUrl(query, shown) {
    const form = $("form.search");
    const parameters = new URLSearchParams();
    if (query) parameters.set("q", query);
    if (shown > 60) parameters.set("shown", shown);
    const text = parameters.toString();
    return new URL(form.getAttribute("action"), location.href).pathname + (text ? "?" + text : "");
  }

  function rememberPlace() {
    if (!onGrid()) return;
    const query = new URLSearchParams(location.search).get("q") || "";
    history.replaceState({ y: scrollY }, "", gridUrl(query, tileLinks().length));
  }

  function ask(query, shown) {
    $("#photos").setAttribute("aria-busy", "true");
    emitEvent("allinone-query", { q: query, shown: shown });
  }

  function search(query) {
    query = query.trim();
    rememberPlace();
    history.pushState(null, "", gridUrl(query, 0));
    restore = { y: 0, asked: true };
    ask(query, 60);
  }

  function applyRestore() {
    if (!restore || !onGrid()) return;
    const last = sessionStorage.getItem(LAST);
    const link = last && $(`#photos a[data-id="${CSS.escape(last)}"]`);
    if (!tileLinks().length && restore.waiting) return;
    scrollTo({ top: restore.y, behavior: "instant" });
    if (restore.focus && link) {
      link.focus({ preventScroll: true });
      link.scrollIntoView({ block: "nearest", behavior: "instant" });
    }
    sessionStorage.removeItem(LAST);
    restore = null;
  }

  addEventListener("submit", (event) => {
    if (!event.target.matches("form.search")) return;
    if (!onGrid() || !window.did_handshake) return; // the browser asks for the page itself
    event.preventDefault();
    search(field().value);
    if (matchMedia("(pointer: coarse)").matches) field().blur();
  });

  addEventListener("popstate", (event) => {
    if (!onGrid()) return;
    const parameters = new URLSearchParams(location.search);
    field().value = parameters.get("q") || "";
    restore = { y: event.state?.y || 0, asked: true };
    ask(field().value, Number(parameters.get("shown")) || 60);
  });

  addEventListener("pagehide", rememberPlace);

  function clearSearch() {
    field().value = "";
    field().focus();
    if (!onGrid()) return;
    if (new URLSearchParams(location.search).get("q")) search("");
  }

  // ---- photos that come in: what is looked at stays where it is ----

  let anchor = null;

  function noteAnchor() {
    anchor = null;
    if (!onGrid() || scrollY < 80) return;
    const link = tileLinks().find((each) => each.getBoundingClientRect().bottom > 80);
    if (link) anchor = { id: link.dataset.id, top: link.getBoundingClientRect().top };
  }

  function holdAnchor() {
    if (!anchor || restore) return;
    const link = $(`#photos a[data-id="${CSS.escape(anchor.id)}"]`);
    const moved = link ? link.getBoundingClientRect().top - anchor.top : 0;
    if (Math.abs(moved) > 1) scrollBy({ top: moved, behavior: "instant" });
  }

  const near = new IntersectionObserver(
    (entries) => entries.forEach((entry) => entry.isIntersecting && entry.target.click()),
    { rootMargin: "1200px" },
  );

  function watchMore() {
    const more = $("#photos .more:not(.hidden)");
    near.disconnect();
    if (more) near.observe(more);
  }

  // ---- text over the picture ----

  const canvas = document.createElement("canvas").getContext("2d");

  function fitLine(line) {
    const span = line.firstElementChild;
    const style = getComputedStyle(span);
    const size = parseFloat(style.fontSize);
    if (line.classList.contains("vertical")) {
      span.style.transform = `scaleY(${line.clientHeight / Math.max(span.offsetHeight, 1)})`;
      return;
    }
    canvas.font = `${style.fontWeight} 100px ${style.fontFamily}`;
    const natural = (canvas.measureText(span.textContent).width / 100) * size;
    const target = parseFloat(getComputedStyle(line).width);
    if (natural > 0) span.style.transform = `scaleX(${target / natural})`;
  }

  function fitLines() {
    $$(".overlay .ocr-line").forEach(fitLine);
  }

  const resized = new ResizeObserver(fitLines);
  let watchedFigure = null;

  function watchFigure() {
    const figure = $("figure.photo");
    if (!figure) return;
    if (figure !== watchedFigure) {
      resized.observe((watchedFigure = figure));
      $("#show-boxes").checked = localStorage.getItem(BOXES) === "1";
    }
    figure.classList.toggle("boxes", $("#show-boxes").checked);
    fitLines();
  }

  addEventListener("change", (event) => {
    if (event.target.id !== "show-boxes") return;
    localStorage.setItem(BOXES, event.target.checked ? "1" : "0");
    watchFigure();
  });

  function point(event, on) {
    const at = event.target instanceof Element && event.target.closest("[data-line]");
    $$(".pointed").forEach((each) => each.classList.remove("pointed"));
    if (at && on) $$(`[data-line="${at.dataset.line}"]`).forEach((each) => each.classList.add("pointed"));
  }
  addEventListener("pointerover", (event) => point(event, true));
  addEventListener("focusin", (event) => point(event, true));

  // ---- copying ----

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard without HTTPS or permission: the old way still works.
      const area = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
      area.className = "offscreen";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  addEventListener("click", async (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest("[data-copy]");
    if (button) {
      await copy(button.dataset.copy);
      button.classList.add("copied");
      $("#announcements").textContent = "";
      $("#announcements").textContent = $("#announcements").dataset.copied;
      setTimeout(() => button.classList.remove("copied"), 1500);
      button.focus();
    }
  });

  // ---- links ----

  function comesFromGrid() {
    const before = document.referrer && new URL(document.referrer);
    const grid = new URL($("#back").href);
    return before && before.origin === location.origin && before.pathname === grid.pathname && history.length > 1;
  }

  function goBack() {
    sessionStorage.setItem(LAST, location.pathname.split("/").pop());
    if (comesFromGrid()) history.back();
    else location.href = $("#back").href;
  }

  addEventListener(
    "click",
    (event) => {
      const link = event.target instanceof Element && event.target.closest("a");
      if (!link) return;
      const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
      if (link.matches("#photos [role=list] a")) {
        const url = new URL(link.href);
        url.searchParams.set("at", tileLinks().indexOf(link) + 1);
        link.href = url;
        if (plain) sessionStorage.setItem(LAST, link.dataset.id);
        rememberPlace();
      } else if (plain && link.id === "back") {
        event.preventDefault();
        goBack();
      } else if (plain && link.dataset.step && link.href) {
        event.preventDefault();
        step(Number(link.dataset.step));
      }
    },
    true,
  );

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("form.search .clear")) clearSearch();
  });

  function step(delta) {
    emitEvent("allinone-step", delta);
  }

  // ---- keys ----

  function moveFocus(key) {
    const links = tileLinks();
    const here = links.indexOf(document.activeElement);
    if (here < 0) return false;
    const box = links[here].getBoundingClientRect();
    const middle = box.left + box.width / 2;
    let target = null;
    if (key === "ArrowLeft") target = links[here - 1];
    if (key === "ArrowRight") target = links[here + 1];
    if (key === "ArrowUp" || key === "ArrowDown") {
      const down = key === "ArrowDown";
      const rows = links.filter((each) => {
        const other = each.getBoundingClientRect();
        return down ? other.top >= box.bottom - 1 : other.bottom <= box.top + 1;
      });
      const distance = (each) => {
        const other = each.getBoundingClientRect();
        return Math.abs(other.top - box.top) * 4 + Math.abs(other.left + other.width / 2 - middle);
      };
      target = rows.reduce((best, each) => (best && distance(best) <= distance(each) ? best : each), null);
      if (!target && !down) target = field();
    }
    target?.focus();
    return Boolean(target);
  }

  function onKey(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return false;
    if (key === "Escape" && target === field()) {
      if (field().value || new URLSearchParams(location.search).get("q")) clearSearch();
      else field().blur();
      return true;
    }
    if (key === "ArrowDown" && target === field()) {
      tileLinks()[0]?.focus();
      return true;
    }
    if (typing(target)) return false;
    if (key === "/" && field()) {
      field().focus();
      field().select();
      return true;
    }
    if (onGrid()) return key.startsWith("Arrow") && moveFocus(key);
    if ($("#photo")) {
      if (key === "Escape") return goBack(), true;
      if (key === "ArrowLeft" || key === "ArrowRight") return step(key === "ArrowLeft" ? -1 : 1), true;
    }
    return false;
  }

  addEventListener("keydown", (event) => {
    if (onKey(event)) event.preventDefault();
  });

  // ---- pictures that do not come ----

  /** Ask again, later and later: the database may have been away for a moment. */
  function retry(image) {
    const count = Number(image.dataset.retries || 0);
    if (count >= 4) return;
    image.dataset.retries = count + 1;
    setTimeout(() => {
      image.addEventListener("load", () => image.closest(".broken")?.classList.remove("broken"), { once: true });
      image.src = image.getAttribute("src");
    }, 2000 * 2 ** count);
  }

  addEventListener(
    "error",
    (event) => {
      if (!(event.target instanceof HTMLImageElement)) return;
      retry(event.target);
      event.target.closest("a, .picture")?.classList.add("broken");
      const words = event.target.dataset.missing;
      if (words) event.target.closest(".picture").dataset.words = words;
    },
    true,
  );

  // ---- the neighbours of a photo, fetched before they are asked for ----

  const ahead = new Set();

  function fetchAhead(link) {
    const url = link.dataset.preview;
    if (ahead.has(url)) return;
    ahead.add(url);
    new Image().src = url;
  }

  // ---- following what the server changes ----

  let scheduled = false;

  function settle() {
    scheduled = false;
    holdAnchor();
    watchMore();
    watchFigure();
    if (restore && !restore.asked) applyRestore();
    $$("[data-preview]").forEach(fetchAhead);
    const form = $("form.search");
    if (form) form.classList.toggle("filled", Boolean(field().value));
  }

  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(settle);
  };

  addEventListener("input", schedule);
  addEventListener("scroll", noteAnchor, { passive: true });

  window.allinone = {
    /** The photos of a query are here. */
    shown() {
      $("#photos").removeAttribute("aria-busy");
      requestAnimationFrame(() => requestAnimationFrame(applyRestore));
    },
    /** The photo page shows another photo now. */
    moved(url, id) {
      history.replaceState(null, "", url);
      sessionStorage.setItem(LAST, id);
      scrollTo({ top: 0, behavior: "instant" });
    },
  };

  addEventListener("DOMContentLoaded", () => {
    const y = history.state?.y;
    if (y !== undefined || sessionStorage.getItem(LAST)) restore = { y: y || 0, focus: true, waiting: true };
    new MutationObserver(schedule).observe($("#app"), { childList: true, subtree: true });
    document.fonts?.ready.then(fitLines);
    schedule();
  });
})();
