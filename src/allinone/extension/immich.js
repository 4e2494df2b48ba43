/* What we add to Immich's own page: two entries in a photo's menu, and why a search found a photo.
 *
 * It keeps to what a person sees of Immich's page (roles, addresses, pictures), touches nothing but elements of its own,
 * and where it does not recognise the page it leaves it alone, says so once in the console, and tells our metrics.
 */
(() => {
  "use strict";
  if (window.allinoneInImmich) return;
  window.allinoneInImmich = true;

  const TEXTS = {
    "en": {
      ocr: "Refresh OCR data",
      clip: "Refresh search data",
      asked: "{job}: waiting for Immich",
      ocrDone: "OCR data refreshed: {after} lines of text (before: {before})",
      clipDone: "Search data refreshed",
      clipSame: "Search data refreshed: nothing changed",
      failed: "{job} failed: {reason}",
      slow: "{job} is still waiting. Immich will do it in its turn.",
      unreachable: "immich-all-in-one does not answer",
      byPicture: "Found by what it shows",
      alsoPicture: "and by what it shows",
      close: "Close",
    },
    "zh-Hant": {
      ocr: "重新產生 OCR 資料",
      clip: "重新產生搜尋資料",
      asked: "{job}：等待 Immich 處理",
      ocrDone: "OCR 資料已重新產生：{after} 行文字（原為 {before} 行）",
      clipDone: "搜尋資料已重新產生",
      clipSame: "搜尋資料已重新產生：沒有變化",
      failed: "{job}失敗：{reason}",
      slow: "{job}仍在等待，Immich 會依序處理。",
      unreachable: "immich-all-in-one 沒有回應",
      byPicture: "依畫面內容找到",
      alsoPicture: "畫面內容也相符",
      close: "關閉",
    },
    "zh-Hans": {
      ocr: "重新生成 OCR 数据",
      clip: "重新生成搜索数据",
      asked: "{job}：等待 Immich 处理",
      ocrDone: "OCR 数据已重新生成：{after} 行文字（原为 {before} 行）",
      clipDone: "搜索数据已重新生成",
      clipSame: "搜索数据已重新生成：没有变化",
      failed: "{job}失败：{reason}",
      slow: "{job}仍在等待，Immich 会依次处理。",
      unreachable: "immich-all-in-one 没有响应",
      byPicture: "按画面内容找到",
      alsoPicture: "画面内容也相符",
      close: "关闭",
    },
  };
  const JOBS = { ocr: "refresh-ocr", clip: "refresh-smart-search" };
  const ICONS = {
    ocr: "M3 3H9V5H5V9H3V3M15 3H21V9H19V5H15V3M3 15H5V19H9V21H3V15M19 15H21V21H15V19H19V15M7 7H17V9H13V17H11V9H7V7Z",
    clip: "M10 4A6 6 0 1 0 13.7 14.7L19.3 20.3L20.7 18.9L15 13.3A6 6 0 0 0 10 4M10 6A4 4 0 1 1 10 14A4 4 0 0 1 10 6Z",
  };
  // How Immich's own refresh entries are known: by the beginning of their icons, or by their words.
  const REFRESH_ICONS = ["M13 3C16.88 3 20 6.14", "M6 12.45V9.64", "M14.68 13.25C13.45", "M18 14.5C19.1 14.5 20.1"];
  const REFRESH_WORDS = [
    "Refresh faces", "Refresh metadata", "Refresh thumbnails", "Refresh encoded videos",
    "重新整理臉孔資料", "重新整理詮釋資料", "重新整理縮圖", "重新整理已編碼的影片",
    "刷新人脸", "刷新元数据", "刷新缩略图", "刷新已编码的视频",
  ];
  const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
  const PHOTO_PATH = new RegExp(`/([a-z]+)/(${UUID})/?$`, "i");
  const NO_PHOTO_BEFORE_ID = ["albums", "people", "partners", "tags", "libraries", "users", "share", "workflows"];
  const PICTURE_SRC = new RegExp(`/api/assets/(${UUID})/(?:thumbnail|original)`, "i");
  const ENTRY = "data-allinone";
  const POLL_FIRST = 500, POLL_LONGEST = 5000, POLL_ALL = 10 * 60 * 1000;
  const LONG_PRESS = 450, MOVED = 10;
  const EXPLAINED_PAGES = 12, KEPT_SEARCHES = 5, SHOWN_LINES = 4;

  const told = new Set();

  /** Something is not as we know it: once in the console, once in our metrics, and never in the person's way. */
  function problem(kind, what) {
    if (told.has(kind)) return;
    told.add(kind);
    console.warn(`immich-all-in-one: ${what}. Immich itself is not affected.`);
    fetch("/allinone/api/script-problems", {
      method: "POST",
      keepalive: true,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind }),
    }).catch(() => {});
  }

  /** A handler that cannot break the page. */
  function guarded(handler) {
    return (...values) => {
      try {
        const result = handler(...values);
        if (result instanceof Promise) result.catch(stumbled);
      } catch (error) {
        stumbled(error);
      }
    };
  }

  function stumbled(error) {
    problem("error", `something unexpected happened (${error && error.message})`);
  }

  function texts() {
    const lang = (document.documentElement.lang || "").toLowerCase();
    if (!/^(zh|yue)\b/.test(lang.replace("_", "-"))) return TEXTS.en;
    return /hant|tw|hk|mo/.test(lang) ? TEXTS["zh-Hant"] : TEXTS["zh-Hans"];
  }

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  async function ask(url, body) {
    const options = { headers: { accept: "application/json" }, credentials: "same-origin", cache: "no-store" };
    if (body !== undefined) {
      options.method = "POST";
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(url, options);
    const json = (answer.headers.get("content-type") || "").includes("json");
    const content = json ? await answer.json() : null;
    if (answer.ok) return content;
    const message = content && content.message;
    throw new Error((Array.isArray(message) ? message.join("; ") : message) || `${answer.status}`);
  }

  // ---- The menu of a photo ----------------------------------------------------------------------------------------

  /** The photo that the page shows, by its address; null on other pages. */
  function shownPhoto() {
    const found = PHOTO_PATH.exec(location.pathname);
    return found && !NO_PHOTO_BEFORE_ID.includes(found[1].toLowerCase()) ? found[2] : null;
  }

  function isRefreshEntry(item) {
    if (item.hasAttribute(ENTRY)) return false;
    const path = item.querySelector("svg path");
    const shape = (path && path.getAttribute("d")) || "";
    return REFRESH_ICONS.some((icon) => shape.startsWith(icon)) || REFRESH_WORDS.includes(item.textContent.trim());
  }

  /** Immich's refresh entries in a menu; in a language and with icons not known here, those below its last line. */
  function refreshEntries(menu) {
    const items = [...menu.children].filter((child) => child.getAttribute("role") === "menuitem");
    const known = items.filter(isRefreshEntry);
    if (known.length || !menu.closest("#immich-asset-viewer")) return known;
    const line = [...menu.children].filter((child) => child.tagName === "HR").pop();
    if (!line) return [];
    const below = items.filter(
      (item) => !item.hasAttribute(ENTRY) && line.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    return below.length >= 3 && below.length <= 4 ? below : [];
  }

  function refreshMenus() {
    for (const menu of document.querySelectorAll('ul[role="menu"]')) refreshMenu(menu);
  }

  function refreshMenu(menu) {
    const entries = shownPhoto() ? refreshEntries(menu) : [];
    const ours = [...menu.children].filter((child) => child.hasAttribute(ENTRY));
    if (!entries.length) {
      for (const entry of ours) entry.remove();
      return;
    }
    const kept = new Map();
    for (const entry of ours) kept.has(entry.getAttribute(ENTRY)) ? entry.remove() : kept.set(entry.getAttribute(ENTRY), entry);
    let before = entries[entries.length - 1];
    const pattern = entries.find((entry) => entry.id !== menu.getAttribute("aria-activedescendant")) || before;
    for (const what of Object.keys(JOBS)) {
      const label = texts()[what];
      let entry = kept.get(what);
      if (!entry || entry.textContent.trim() !== label) {
        if (entry) entry.remove();
        entry = makeEntry(pattern, what, label);
      }
      if (before.nextElementSibling !== entry) before.after(entry);
      before = entry;
    }
    markActive(menu);
  }

  let made = 0;

  /** One of Immich's own entries, with our words, our icon and our deed. */
  function makeEntry(pattern, what, label) {
    const entry = pattern.cloneNode(true);
    made += 1;
    entry.id = `allinone-${what}-${made}`;
    entry.setAttribute(ENTRY, what);
    const icon = entry.querySelector("svg");
    if (icon) {
      const paths = icon.querySelectorAll("path");
      paths.forEach((path, number) => (number ? path.remove() : path.setAttribute("d", ICONS[what])));
    }
    setWords(entry, label);
    entry.addEventListener("click", guarded(() => refresh(what)));
    entry.addEventListener("mouseenter", guarded(() => setActive(entry, true)));
    entry.addEventListener("mouseleave", guarded(() => setActive(entry, false)));
    setActive(entry, false);
    return entry;
  }

  function setWords(entry, label) {
    const walker = document.createTreeWalker(entry, NodeFilter.SHOW_TEXT);
    const words = [];
    while (walker.nextNode()) if (walker.currentNode.data.trim()) words.push(walker.currentNode);
    words.forEach((node, number) => (node.data = number ? "" : label));
    if (!words.length) entry.append(label);
  }

  // How Immich shows which entry is chosen; learnt again from its own entries whenever one of them is.
  let activeClasses = ["bg-slate-300"], restingClasses = ["bg-slate-100"];

  function markActive(menu) {
    const active = menu.getAttribute("aria-activedescendant");
    const items = [...menu.children].filter((child) => child.getAttribute("role") === "menuitem");
    const chosen = items.find((item) => item.id === active && !item.hasAttribute(ENTRY));
    const other = items.find((item) => item.id !== active && !item.hasAttribute(ENTRY));
    if (chosen && other) {
      const only = (one, two) => [...one.classList].filter((name) => !two.classList.contains(name));
      const on = only(chosen, other), off = only(other, chosen);
      if (on.length && on.length <= 3 && off.length <= 3) [activeClasses, restingClasses] = [on, off];
    }
    for (const item of items) if (item.hasAttribute(ENTRY)) setActive(item, item.id === active || item.matches(":hover"));
  }

  function setActive(entry, on) {
    entry.classList.remove(...(on ? restingClasses : activeClasses));
    entry.classList.add(...(on ? activeClasses : restingClasses));
  }

  async function refresh(what) {
    const photo = shownPhoto();
    if (!photo) return;
    const job = texts()[what];
    const note = notify(fill(texts().asked, { job }), "busy");
    try {
      const earlier = await state(photo, what).catch(() => null);
      await ask("/api/assets/jobs", { name: JOBS[what], assetIds: [photo] });
      await follow(photo, what, note, earlier && earlier.requestedAt);
    } catch (error) {
      const reason = error instanceof TypeError ? texts().unreachable : error.message;
      note.show(fill(texts().failed, { job, reason }), "failed");
    }
  }

  async function state(photo, what) {
    const states = await ask(`/allinone/api/jobs/${photo}`);
    return states && states[what];
  }

  async function follow(photo, what, note, earlier) {
    const job = texts()[what];
    const until = Date.now() + POLL_ALL;
    let pause = POLL_FIRST, misses = 0;
    while (Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(POLL_LONGEST, pause * 1.2);
      let now;
      try {
        now = await state(photo, what);
        misses = 0;
      } catch (error) {
        misses += 1;
        if (misses < 5) continue;
        throw error;
      }
      if (!now || now.state === "waiting" || now.state === "running") continue;
      if (now.state === "failed") throw new Error(now.message || "");
      note.show(doneWords(what, now.changed || {}), "done");
      return;
    }
    note.show(fill(texts().slow, { job }), "done");
  }

  function doneWords(what, changed) {
    if (what === "clip") return changed.embedding === false ? texts().clipSame : texts().clipDone;
    return fill(texts().ocrDone, { before: changed.linesBefore ?? "?", after: changed.linesAfter ?? "?" });
  }

  /** A person has opened a photo's menu: if the photo is theirs, our entries must be in it. */
  async function checkMenu(photo) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    if (told.has("menu") || shownPhoto() !== photo || document.querySelector(`[${ENTRY}]`)) return;
    const [asset, user] = await Promise.all([ask(`/api/assets/${photo}`), ask("/api/users/me")]).catch(() => [null, null]);
    if (!asset || !user || asset.ownerId !== user.id || shownPhoto() !== photo) return;
    if (!document.querySelector(`[${ENTRY}]`)) {
      problem("menu", "the menu of a photo is not as we know it, so it has no entries of ours");
    }
  }

  // ---- Notifications ----------------------------------------------------------------------------------------------

  let notes = null;

  function notify(words, kind) {
    if (!notes || !notes.isConnected) {
      notes = document.createElement("div");
      notes.className = "allinone-notes";
      notes.setAttribute("role", "status");
      document.body.append(notes);
    }
    const note = document.createElement("div");
    const line = document.createElement("span");
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", texts().close);
    close.addEventListener("click", () => note.remove());
    note.append(line, close);
    notes.append(note);
    while (notes.children.length > 4) notes.firstElementChild.remove();
    let timer = 0;
    const show = (newWords, newKind) => {
      line.textContent = newWords;
      note.className = `allinone-note allinone-${newKind}`;
      if (!note.isConnected) notes.append(note);
      clearTimeout(timer);
      if (newKind !== "busy") timer = setTimeout(() => note.remove(), newKind === "failed" ? 12000 : 7000);
    };
    show(words, kind);
    return { show };
  }

  // ---- Why a search found a photo ---------------------------------------------------------------------------------

  const searches = new Map();
  let why = null, described = null, wanted = null;

  /** What the search page asked Immich for; null on other pages, and for searches that are not ours to explain. */
  function searched() {
    if (!/^\/search\/?$/.test(location.pathname)) return null;
    try {
      const terms = JSON.parse(new URLSearchParams(location.search).get("query") || "null");
      return terms && (terms.query || terms.queryAssetId) ? terms : null;
    } catch {
      return null;
    }
  }

  function thumbnailOf(target) {
    if (!(target instanceof Element)) return null;
    const holder = target.closest("[data-asset]");
    if (holder) return { element: holder, id: holder.getAttribute("data-asset") };
    const frame = target.closest('[role="link"], a, figure');
    const pictures = frame ? frame.querySelectorAll("img") : [];
    const found = pictures.length === 1 && PICTURE_SRC.exec(pictures[0].getAttribute("src") || "");
    return found ? { element: frame, id: found[1] } : null;
  }

  async function explained(terms, id) {
    const key = JSON.stringify([terms, document.documentElement.lang]);
    let search = searches.get(key);
    if (!search) {
      search = { hits: new Map(), next: 1, turn: Promise.resolve() };
      searches.set(key, search);
      if (searches.size > KEPT_SEARCHES) searches.delete(searches.keys().next().value);
    }
    const look = async () => {
      while (!search.hits.has(id) && search.next && search.next <= EXPLAINED_PAGES) {
        const body = { visibility: "timeline", withExif: true, ...terms, page: search.next };
        if (document.documentElement.lang) body.language = document.documentElement.lang;
        const answer = await ask("/allinone/api/explain", body);
        for (const hit of answer.hits) search.hits.set(hit.assetId, hit);
        search.next = Number(answer.nextPage) || 0;
      }
      return search.hits.get(id);
    };
    search.turn = search.turn.catch(() => {}).then(look);
    return search.turn;
  }

  async function showWhy(target) {
    const terms = searched();
    const thumbnail = terms && thumbnailOf(target);
    if (!thumbnail) return;
    if (wanted && wanted.element === thumbnail.element && wanted.id === thumbnail.id) return;
    hideWhy();
    wanted = thumbnail;
    let hit;
    try {
      hit = await explained(terms, thumbnail.id);
    } catch (error) {
      problem("explain", `why photos were found cannot be told (${error.message})`);
      return;
    }
    if (hit && wanted === thumbnail && thumbnail.element.isConnected && searched()) place(thumbnail.element, hit);
  }

  function place(element, hit) {
    const lines = hit.text ? hit.text.lines.slice(0, SHOWN_LINES).map(lineOf) : [];
    const words = lines.length ? (hit.clip && hit.clip.z >= 3 ? texts().alsoPicture : "") : texts().byPicture;
    if (!lines.length && !hit.clip) return;
    if (!why || !why.isConnected) {
      why = document.createElement("div");
      why.id = "allinone-why";
      why.setAttribute("role", "tooltip");
      document.body.append(why);
    }
    why.replaceChildren(...lines);
    if (words) {
      const picture = document.createElement("div");
      picture.className = "allinone-picture";
      picture.textContent = words;
      why.append(picture);
    }
    described = { element, before: element.getAttribute("aria-describedby") };
    element.setAttribute("aria-describedby", why.id);
    const box = element.getBoundingClientRect();
    const width = Math.min(Math.max(box.width, 200), innerWidth - 16);
    why.style.width = `${width}px`;
    why.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
    const below = box.bottom + 4;
    why.style.top = `${below + why.offsetHeight > innerHeight ? Math.max(8, box.bottom - why.offsetHeight - 4) : below}px`;
  }

  /** A matched line; `spans` count characters, not JavaScript's halves of them. */
  function lineOf(match) {
    const line = document.createElement("div");
    const characters = Array.from(match.text);
    let at = 0;
    for (const [begin, end] of match.spans) {
      line.append(characters.slice(at, begin).join(""));
      const mark = document.createElement("mark");
      mark.textContent = characters.slice(begin, end).join("");
      line.append(mark);
      at = end;
    }
    line.append(characters.slice(at).join(""));
    return line;
  }

  function hideWhy() {
    wanted = null;
    if (described) {
      if (described.before === null) described.element.removeAttribute("aria-describedby");
      else described.element.setAttribute("aria-describedby", described.before);
      described = null;
    }
    if (why) why.remove();
  }

  let press = null;

  function pressed(event) {
    clearTimeout(press && press.timer);
    press = null;
    if (event.pointerType === "mouse") return;
    hideWhy();
    const { target, clientX, clientY } = event;
    press = { x: clientX, y: clientY, timer: setTimeout(guarded(() => showWhy(target)), LONG_PRESS) };
  }

  function moved(event) {
    if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > MOVED) released();
  }

  function released() {
    clearTimeout(press && press.timer);
    press = null;
  }

  /** Thumbnails that do not name their photo are still known by their picture, but that is worth knowing. */
  function checkSearch() {
    if (!searched() || document.querySelector("[data-asset]")) return;
    const pictures = [...document.querySelectorAll("img")].filter((img) => PICTURE_SRC.test(img.getAttribute("src") || ""));
    if (pictures.length) problem("search", "the search page is not as we know it");
  }

  // ---- Watching the page ------------------------------------------------------------------------------------------

  const STYLE = `
    .allinone-notes { position: fixed; z-index: 9000; right: 16px; bottom: 16px; display: grid; gap: 8px; max-width: min(380px, calc(100vw - 32px)); }
    .allinone-note { display: flex; align-items: start; gap: 10px; padding: 12px 8px 12px 14px; border-radius: 12px; border-left: 4px solid #4250af;
      background: #fff; color: #1c1c22; box-shadow: 0 6px 24px rgb(0 0 0 / 28%); font-size: 14px; line-height: 1.45; }
    .allinone-note span { flex: 1; overflow-wrap: anywhere; }
    .allinone-note button { width: 28px; height: 28px; margin: -4px 0; border-radius: 8px; font-size: 18px; line-height: 1; cursor: pointer; color: inherit; background: none; border: 0; }
    .allinone-note button:hover, .allinone-note button:focus-visible { background: rgb(128 128 128 / 22%); }
    .allinone-done { border-color: #1f8a4c; }
    .allinone-failed { border-color: #c2352b; }
    html.dark .allinone-note { background: #25262b; color: #ececf1; }
    #allinone-why { position: fixed; z-index: 8000; box-sizing: border-box; pointer-events: none; padding: 7px 10px; border-radius: 10px;
      background: rgb(20 20 24 / 93%); color: #f3f3f6; font-size: 13px; line-height: 1.5; overflow-wrap: anywhere; box-shadow: 0 4px 16px rgb(0 0 0 / 35%); }
    #allinone-why mark { background: #ffd978; color: #221b00; border-radius: 3px; padding: 0 1px; }
    #allinone-why .allinone-picture { color: #c3c5d0; }
  `;

  function style() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }

  let looking = false, address = location.href;

  function look() {
    looking = false;
    refreshMenus();
    if (location.href === address) return;
    address = location.href;
    hideWhy();
    if (searched()) setTimeout(guarded(checkSearch), 4000);
  }

  function changed(records) {
    for (const { attributeName, target } of records) if (attributeName === "aria-activedescendant") markActive(target);
    if (looking) return;
    looking = true;
    setTimeout(guarded(look), 16);
  }

  function opened(event) {
    const button = event.target instanceof Element && event.target.closest('button[aria-haspopup="true"]');
    const photo = shownPhoto();
    if (button && photo && !told.has("menu")) guarded(checkMenu)(photo);
  }

  function left(event) {
    const to = event.relatedTarget;
    if (wanted && !(to instanceof Node && wanted.element.contains(to))) hideWhy();
  }

  function start() {
    style();
    new MutationObserver(guarded(changed)).observe(document.documentElement, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["aria-activedescendant", "lang"],
    });
    const passive = { capture: true, passive: true };
    const on = (name, handler) => document.addEventListener(name, guarded(handler), passive);
    on("click", opened);
    on("pointerover", (event) => event.pointerType === "mouse" && showWhy(event.target));
    on("pointerout", (event) => event.pointerType === "mouse" && left(event));
    on("focusin", (event) => event.target.matches(":focus-visible") && showWhy(event.target));
    on("focusout", left);
    on("pointerdown", pressed);
    on("pointermove", moved);
    on("pointerup", released);
    on("pointercancel", released);
    on("scroll", () => (released(), hideWhy()));
    on("keydown", (event) => event.key === "Escape" && hideWhy());
    window.addEventListener("popstate", guarded(() => setTimeout(guarded(look), 0)));
    if (searched()) setTimeout(guarded(checkSearch), 4000);
    look();
  }

  guarded(start)();
})();
