// A page that behaves like Immich's where our script looks: roles, ids, classes, keys and client-side navigation.
const WORDS = {
  "en": ["More", "Download", "Refresh faces", "Refresh metadata", "Refresh thumbnails"],
  "zh-Hant": ["更多", "下載", "重新整理臉孔資料", "重新整理詮釋資料", "重新整理縮圖"],
  "zh-Hans": ["更多", "下载", "刷新人脸", "刷新元数据", "刷新缩略图"],
  "de": ["Mehr", "Herunterladen", "Gesichter aktualisieren", "Metadaten aktualisieren", "Vorschaubilder aktualisieren"],
};
const config = await (await fetch("/api/test-config")).json();
const words = WORDS[config.language];
document.documentElement.lang = config.language;
const app = document.getElementById("app");
let count = 0;
const newId = () => `id-${(count += 1)}`;

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

window.go = (path) => { history.pushState(null, "", path); render(); };
window.addEventListener("popstate", render);

function thumbnail(id) {
  const picture = make("img", { src: `/api/assets/${id}/thumbnail?size=thumbnail&c=x`, alt: "" });
  const attributes = { class: "group", tabindex: "0", role: "link", onclick: () => window.go(`/search/photos/${id}${location.search}`) };
  if (!config.changed) attributes["data-asset"] = id;
  return make("div", attributes, make("div", {}, picture));
}

function menuOption(menu, label, icon, action) {
  const id = newId();
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", icon);
  path.setAttribute("fill", "currentColor");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of [["width", "18"], ["height", "18"], ["viewBox", "0 0 24 24"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
  svg.append(path);
  const item = make("li", { id, role: config.changed ? "option" : "menuitem", class: "w-full p-4 text-start bg-slate-100" }, svg,
    make("div", { class: "w-full" }, make("div", { class: "flex justify-between" }, `\n      ${label}\n      `)));
  item.addEventListener("click", () => { menu.close(); action(); });
  item.addEventListener("mouseover", () => menu.select(id));
  item.addEventListener("mouseleave", () => menu.select(undefined));
  return item;
}

function contextMenu(options) {
  const list = make("ul", { role: "menu", id: newId(), tabindex: "-1", "aria-activedescendant": "" });
  const box = make("div", { class: "menu" }, list);
  box.style.maxHeight = "0px";
  const button = make("button", { "aria-label": words[0], "aria-haspopup": "true", "aria-expanded": "false" }, "⋮");
  const menu = { list, open: false, selected: undefined };
  menu.select = (id) => {
    menu.selected = id;
    list.setAttribute("aria-activedescendant", id ?? "");
    for (const item of list.querySelectorAll("li")) {
      if (!item.id.startsWith("id-")) continue; // what a framework did not draw, it does not touch
      item.classList.toggle("bg-slate-300", item.id === id);
      item.classList.toggle("bg-slate-100", item.id !== id);
    }
  };
  menu.set = (open) => {
    menu.open = open;
    box.style.maxHeight = open ? "600px" : "0px";
    button.setAttribute("aria-expanded", String(open));
    if (open) list.focus();
  };
  menu.close = () => { if (menu.open) { button.focus(); menu.set(false); menu.select(undefined); } };
  menu.move = (step) => {
    menu.set(true);
    const children = [...list.children].filter((child) => child.tagName !== "HR");
    const at = children.findIndex((child) => child.id === menu.selected);
    const next = (at + (step < 0 && at < 0 ? 0 : step) + children.length) % children.length;
    menu.select(children[next].id);
  };
  button.addEventListener("click", () => (menu.open ? menu.close() : menu.set(true)));
  const whole = make("div", {}, button, box);
  whole.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); menu.move(event.key === "ArrowUp" ? -1 : 1); }
    else if (event.key === "Escape") { event.stopPropagation(); menu.close(); }
    else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (!menu.selected) return menu.open ? menu.close() : menu.move(1);
      list.querySelector(`#${menu.selected}`)?.click();
    }
  });
  document.addEventListener("click", (event) => { if (!button.contains(event.target)) menu.close(); });
  menu.fill = (photo) => list.replaceChildren(...options(menu, photo));
  return [whole, menu];
}

function photoOptions(menu, photo) {
  const icon = (known) => (config.icons ? known : "M0 0h24v24H0z");
  const run = (name) => () => fetch("/api/assets/jobs", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name, assetIds: [photo] }) });
  const options = [menuOption(menu, words[1], "M5 20H19V18H5", () => {})];
  if (!config.owned.includes(photo)) return options;
  return [
    ...options,
    make("hr", {}),
    menuOption(menu, words[2], icon("M13 3C16.88 3 20 6.14 20 10"), run("refresh-faces")),
    menuOption(menu, words[3], icon("M6 12.45V9.64C7.47"), run("refresh-metadata")),
    menuOption(menu, words[4], icon("M14.68 13.25C13.45 14.15"), run("regenerate-thumbnail")),
  ];
}

let viewer = null;

function render() {
  const photo = /\/photos\/([0-9a-f-]{36})$/.exec(location.pathname)?.[1];
  if (photo) {
    if (!viewer) {
      const [whole, menu] = contextMenu(photoOptions);
      const picture = make("img", { alt: "" });
      viewer = { menu, picture, root: make("section", { id: "immich-asset-viewer" }, make("div", { class: "bar" }, whole), picture) };
      app.append(viewer.root);
    }
    viewer.picture.src = `/api/assets/${photo}/thumbnail?size=preview&c=x`;
    viewer.menu.fill(photo); // the menu's element stays, its entries are drawn anew
    return;
  }
  viewer?.root.remove();
  viewer = null;
  const links = make("nav", {}, make("a", { href: "/photos" }, "Photos"));
  if (location.pathname !== "/search") return app.replaceChildren(links, make("h1", {}, "Photos"));
  const terms = JSON.parse(new URLSearchParams(location.search).get("query"));
  const grid = make("section", { id: "search-content", class: "grid" });
  app.replaceChildren(links, grid);
  fetch("/api/search/smart", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ visibility: "timeline", page: 1, withExif: true, ...terms, language: config.language }) })
    .then((answer) => answer.json())
    .then((answer) => grid.append(...answer.assets.items.map((item) => thumbnail(item.id))));
}

render();
