/* The map's own drawing in the browser, beside Leaflet (global L).
 *
 * start(map, options)   once a page: panes, ground, and where the static layers are
 * change(map, message)  each time something changes: the whole state to show, small
 *
 * Static layers are fetched by URL, once, when first shown. A message names rows
 * of them and says how they look; it carries geometry only for what was computed.
 * Every text in a file or message was escaped by layers.text.escape_for_map.
 */
"use strict";

(function () {
  const STACK = ["neighbourhoods", "outside", "reach", "routes", "circles", "stops", "places", "services", "trial", "chosen"];
  const layers = {};      // name -> layer on the map or ready to be
  const fetched = {};     // name -> promise of GeoJSON
  let options = null;
  let current = null;     // the message shown, so that a late file draws the newest
  let renderer = null;
  let handled = false;    // somebody has moved the map: it is not fitted to its frame any more
  const patterns = new Map();

  function patternOf(context, kind, ink) {
    const key = kind + ink;
    if (!patterns.has(key)) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 8;
      const pen = tile.getContext("2d");
      if (kind === "dots") {
        pen.fillStyle = ink;
        pen.beginPath();
        pen.arc(2, 2, 1.3, 0, 2 * Math.PI);
        pen.arc(6, 6, 1.3, 0, 2 * Math.PI);
        pen.fill();
      } else {
        pen.strokeStyle = ink;
        pen.lineWidth = 1.2;
        pen.beginPath();
        for (const shift of [-8, 0, 8]) {
          pen.moveTo(shift, 8);
          pen.lineTo(shift + 8, 0);
        }
        pen.stroke();
      }
      patterns.set(key, context.createPattern(tile, "repeat"));
    }
    return patterns.get(key);
  }

  // Leaflet's canvas has no patterns, halos or shapes other than circles.
  const Canvas = L.Canvas.extend({
    _fillStroke(context, layer) {
      const look = layer.options;
      if (look.fill) {
        context.globalAlpha = look.fillOpacity;
        context.fillStyle = look.fillColor || look.color;
        context.fill(look.fillRule || "evenodd");
        if (look.pattern && look.pattern !== "plain") {
          context.fillStyle = patternOf(context, look.pattern, look.ink);
          context.fill(look.fillRule || "evenodd");
        }
      }
      if (look.stroke && look.weight !== 0) {
        context.lineCap = look.lineCap;
        context.lineJoin = look.lineJoin;
        context.globalAlpha = look.opacity;
        if (look.halo) {
          context.setLineDash([]);
          context.lineWidth = look.weight + 3;
          context.strokeStyle = look.halo;
          context.stroke();
        }
        context.setLineDash(look._dashArray || []);
        context.lineWidth = look.weight;
        context.strokeStyle = look.color;
        context.stroke();
        context.setLineDash([]);
      }
    },
    _updateCircle(layer) {
      if (!this._drawing || layer._empty()) return;
      const context = this._ctx;
      const { x, y } = layer._point;
      const r = Math.max(layer._radius, 1);
      context.beginPath();
      switch (layer.options.shape) {
        case "square":
          context.rect(x - r, y - r, 2 * r, 2 * r);
          break;
        case "diamond":
          context.moveTo(x, y - r * 1.25);
          context.lineTo(x + r * 1.25, y);
          context.lineTo(x, y + r * 1.25);
          context.lineTo(x - r * 1.25, y);
          context.closePath();
          break;
        case "triangle":
          context.moveTo(x, y - r);
          context.lineTo(x + r, y + r);
          context.lineTo(x - r, y + r);
          context.closePath();
          break;
        case "star":
        case "pentagon":
        case "hexagon": {
          // As layers.styles.corners_of has them for the legend.
          const [count, inner] = { star: [10, 0.45], pentagon: [5, 1], hexagon: [6, 1] }[layer.options.shape];
          for (let n = 0; n < count; n += 1) {
            const reach = 1.2 * r * (n % 2 ? inner : 1), angle = (2 * Math.PI * n) / count;
            context.lineTo(x + reach * Math.sin(angle), y - reach * Math.cos(angle));
          }
          context.closePath();
          break;
        }
        case "cross":
          context.moveTo(x - r, y - r);
          context.lineTo(x + r, y + r);
          context.moveTo(x + r, y - r);
          context.lineTo(x - r, y + r);
          break;
        default:
          context.arc(x, y, r, 0, 2 * Math.PI);
      }
      this._fillStroke(context, layer);
    },
  });

  function load(name) {
    if (!(name in fetched)) {
      const url = options.urls[name];
      fetched[name] = url
        ? fetch(url).then((answer) => {
            if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
            return answer.json();
          })
        : Promise.resolve(null);
      fetched[name].catch(() => say(options.words.failed));
    }
    return fetched[name];
  }

  function say(text) {
    const note = document.getElementById("obr-note") || document.body.appendChild(document.createElement("div"));
    note.id = "obr-note";
    note.setAttribute("role", "status");
    note.textContent = text;
  }

  function drawGround(map) {
    const ground = map.createPane("ground");
    ground.style.zIndex = 250;
    ground.style.pointerEvents = "none";
    const canvas = new L.Canvas({ pane: "ground", padding: 0.3 });
    const colours = options.ground;
    const looks = {
      water: { stroke: true, weight: 1.5, color: colours.water, fill: true, fillColor: colours.water, fillOpacity: 1 },
      green: { stroke: false, fill: true, fillColor: colours.green, fillOpacity: 1 },
      rail: { weight: 1.5, color: colours.rail, dashArray: "6 3", fill: false },
      street_major: { weight: 2.6, color: colours.street_major, fill: false },
      street: { weight: 1.3, color: colours.street, fill: false },
      path: { weight: 1, color: colours.path, dashArray: "3 3", fill: false },
    };
    const style = (feature) => {
      const look = looks[feature.properties.k] || looks.street;
      // A river drawn as a line has no inside to fill.
      return feature.geometry.type.includes("Line") ? { ...look, fill: false, weight: Math.max(look.weight || 1, 1) } : look;
    };
    for (const name of ["ground", "streets"]) {
      load(name).then((data) => {
        if (data) L.geoJSON(data, { renderer: canvas, pane: "ground", interactive: false, style }).addTo(map);
      });
    }
  }

  function restack() {
    for (const name of STACK) if (layers[name] && layers[name]._map) layers[name].bringToFront();
  }

  function shown(map, name, wanted) {
    const layer = layers[name];
    if (!layer) return;
    if (wanted && !map.hasLayer(layer)) map.addLayer(layer);
    if (!wanted && map.hasLayer(layer)) map.removeLayer(layer);
  }

  // ---- neighbourhoods: shaded by class, hatched where missing, named on hover
  function fillOf(shading, row) {
    const outline = { color: options.ground.outline, weight: 0.8, opacity: 0.9 };
    if (!shading) return { ...outline, fill: true, fillOpacity: 0, pattern: "plain" };
    const number = shading.classes[row];
    const fill = number < 0 ? shading.missing : shading.fills[number];
    return {
      ...outline, fill: true, fillColor: fill.colour, fillOpacity: options.opacity,
      pattern: fill.pattern, ink: fill.ink,
    };
  }

  function tipOf(feature) {
    const row = feature.properties.i;
    const parts = ["<b>" + feature.properties.n + "</b>"];
    if (feature.properties.w) parts.push(feature.properties.w);
    for (const part of [current.shading, current.circles]) {
      if (part && part.values) parts.push(part.label + ": " + part.values[row]);
    }
    return parts.join("<br>");
  }

  function neighbourhoods(map) {
    return load("neighbourhoods").then((data) => {
      if (data && !layers.neighbourhoods) {
        layers.neighbourhoods = L.geoJSON(data, {
          renderer, pane: "layers",
          style: (feature) => fillOf(current.shading, feature.properties.i),
        }).addTo(map);
        layers.neighbourhoods.bindTooltip((part) => tipOf(part.feature), { sticky: true, className: "obr-tip" });
      }
      return layers.neighbourhoods;
    });
  }

  function drawCircles(group, message) {
    const set = L.featureGroup();
    const { circles } = message;
    layers.neighbourhoods.eachLayer((part) => {
      const { i, p } = part.feature.properties;
      const radius = circles.radii[i];
      if (radius === 0) return;
      const look = radius < 0
        ? { shape: "cross", radius: 3, color: circles.missing, weight: 1.5, fill: false }
        : { radius, color: circles.line, weight: 1.2, fill: true, fillColor: circles.fill, fillOpacity: 0.82 };
      L.circleMarker(p, { ...look, renderer, pane: "layers", interactive: false }).addTo(set);
    });
    layers.circles = set;
    set.addTo(group);
  }

  // ---- what was computed: reach bands (longest first) and the chosen place
  function drawReach(group, message) {
    const set = L.featureGroup();
    for (const band of message.reach) {
      L.geoJSON(band.geometry, {
        renderer, pane: "layers", interactive: false,
        style: {
          fill: message.filled, fillColor: band.fill, fillOpacity: 0.62,
          // Over a shading there is no fill: dashes tell the bands apart, a halo parts them from it.
          color: band.line, weight: band.weight, dashArray: message.filled ? null : band.dash,
          halo: message.filled ? null : band.halo,
        },
      }).addTo(set);
    }
    set.labels = message.reach.filter((band) => band.label).map((band) => L.tooltip(band.label, {
      content: band.text, permanent: true, direction: "center", className: "obr-minutes", pane: "labels",
    }));
    layers.reach = set;
    set.addTo(group);
    return styled().then(() => set.labels.forEach((label) => label.addTo(set)));
  }

  // A label is placed by its size, which is another before the styles are there.
  function styled() {
    const links = [...document.querySelectorAll('link[rel="stylesheet"]')].filter((link) => !link.sheet);
    return Promise.all(links.map((link) => new Promise((done) => {
      link.addEventListener("load", done);
      link.addEventListener("error", done);
    })));
  }

  // Of labels that would lie on each other the longer time's is shown; zooming in shows the others.
  function partLabels(map) {
    const kept = [];
    for (const label of (layers.reach && layers.reach.labels) || []) {
      const at = map.latLngToContainerPoint(label.getLatLng());
      const free = kept.every((other) => Math.abs(other.x - at.x) > 52 || Math.abs(other.y - at.y) > 20);
      if (free) kept.push(at);
      if (label.getElement()) label.getElement().style.visibility = free ? "" : "hidden";
    }
  }

  function drawChosen(group, message) {
    const set = L.featureGroup();
    const { chosen } = message;
    if (layers.neighbourhoods && chosen.row !== null) {
      layers.neighbourhoods.eachLayer((part) => {
        if (part.feature.properties.i !== chosen.row) return;
        L.geoJSON(part.feature, {
          renderer, pane: "layers", interactive: false,
          style: { fill: false, color: chosen.line, weight: 3, halo: chosen.halo },
        }).addTo(set);
      });
    }
    if (chosen.point) {
      L.circleMarker(chosen.point, {
        renderer, pane: "layers", interactive: false, shape: "triangle", radius: 7,
        color: chosen.halo, weight: 1.5, fill: true, fillColor: chosen.line, fillOpacity: 1,
      }).addTo(set);
    }
    layers.chosen = set;
    set.addTo(group);
  }

  // ---- static layers shown on demand
  function pointLook(look) {
    return {
      shape: look.shape, radius: look.radius, fill: !["cross", "ring"].includes(look.shape), fillColor: look.fill,
      fillOpacity: 1, color: look.line, weight: { cross: 2, ring: 2.5 }[look.shape] || 1.2, opacity: 1,
    };
  }

  function drawPoints(map, name, message) {
    const wanted = message[name];
    if (!wanted) return shown(map, name, false);
    return load(name).then((data) => {
      if (!data || current !== message) return;
      if (layers[name]) map.removeLayer(layers[name]);
      const without = new Set(wanted.without || []);
      const reached = wanted.reached ? new Set(wanted.reached) : null;
      layers[name] = L.geoJSON(data, {
        filter: ({ properties }) => !without.has(properties.i)
          && (!wanted.categories || wanted.categories.includes(properties.c)),
        pointToLayer: (feature, at) => {
          const inside = reached && reached.has(feature.properties.i);
          const look = wanted.looks[inside ? "reached" : feature.properties.s || "usual"] || wanted.looks.usual;
          return L.circleMarker(at, { ...pointLook(look), renderer, pane: "layers" });
        },
      }).bindTooltip((part) => part.feature.properties.t, { className: "obr-tip" }).addTo(map);
      restack();
    });
  }

  // ---- what a trial adds, moves or takes away: sent with the message, never a file that others could fetch
  function drawTrial(group, message) {
    const set = L.featureGroup();
    for (const line of message.trial.lines) {
      L.geoJSON(line.geometry, {
        renderer, pane: "layers",
        style: {
          fill: false, color: line.colour, weight: line.weight, dashArray: line.dash || null, halo: line.halo,
          lineCap: "butt",
        },
      }).bindTooltip(line.text, { sticky: true, className: "obr-tip" }).addTo(set);
    }
    for (const point of message.trial.points) {
      L.circleMarker(point.at, { ...pointLook(point.look), renderer, pane: "layers" })
        .bindTooltip(point.text, { className: "obr-tip" }).addTo(set);
    }
    layers.trial = set;
    set.addTo(group);
  }

  // Where a whole city is on the screen, full widths would be one blot.
  function widthOf(map, wanted, row) {
    const share = Math.min(1, Math.max(0.35, 2 ** ((map.getZoom() - 13.5) / 2)));
    return wanted.widths[wanted.classes[row]] * share;
  }

  function drawRoutes(map, message) {
    const wanted = message.routes;
    if (!wanted) return shown(map, "routes", false);
    return load("routes").then((data) => {
      if (!data || current !== message) return;
      if (layers.routes) map.removeLayer(layers.routes);
      layers.routes = L.geoJSON(data, {
        renderer, pane: "layers",
        filter: (feature) => wanted.classes[feature.properties.i] >= 0,
        style: (feature) => ({
          color: wanted.line, weight: widthOf(map, wanted, feature.properties.i), opacity: 0.85,
          dashArray: feature.properties.m === "bus" ? null : "8 5", fill: false,
        }),
      }).bindTooltip(
        (part) => "<b>" + part.feature.properties.n + "</b><br>" + wanted.values[part.feature.properties.i],
        { sticky: true, className: "obr-tip" },
      ).addTo(map);
      restack();
    });
  }

  function drawOutside(map, message) {
    const wanted = message.outside;
    if (!wanted) return shown(map, "outside", false);
    return load("outside").then((data) => {
      if (!data || current !== message) return;
      if (!layers.outside) {
        layers.outside = L.geoJSON(data, {
          renderer, pane: "layers", interactive: false,
          style: {
            fill: true, fillColor: wanted.colour, fillOpacity: 0.35, pattern: "hatch", ink: wanted.ink,
            color: wanted.ink, weight: 1.5, dashArray: "2 4",
          },
        });
      }
      shown(map, "outside", true);
      restack();
    });
  }

  function start(map, given) {
    options = given;
    document.body.classList.add("obr-" + options.theme);
    map.getContainer().style.background = options.ground.land;
    map.attributionControl.setPrefix(false);
    if (options.attribution) map.attributionControl.addAttribution(options.attribution);
    map.createPane("layers").style.zIndex = 420;
    map.createPane("labels").style.zIndex = 640;
    renderer = new Canvas({ pane: "layers", padding: 0.3, tolerance: 3 });
    if (options.tiles) L.tileLayer(options.tiles.url, { attribution: options.tiles.attribution, maxZoom: 19 }).addTo(map);
    fit(map);
    for (const act of ["pointerdown", "wheel", "keydown"]) {
      map.getContainer().addEventListener(act, () => { handled = true; }, { capture: true, passive: true });
    }
    if (!options.tiles) drawGround(map);
    map.on("zoomend", () => {
      partLabels(map);
      if (!layers.routes || !current.routes) return;
      layers.routes.eachLayer((line) => line.setStyle({ weight: widthOf(map, current.routes, line.feature.properties.i) }));
    });
    map.on("resize", () => partLabels(map));
    map.on("click", sendClick);
    new ResizeObserver(() => {
      map.invalidateSize();
      fit(map);
    }).observe(map.getContainer());
    name(options.title);
  }

  // In a tab that is not open yet the map has no size, and fitting it would put it nowhere; as the
  // tab opens it grows. So it is fitted to each size, until somebody moves it.
  function fit(map) {
    const size = map.getSize();
    if (handled || !options.bounds || size.x < 20 || size.y < 20) return;
    map.fitBounds(options.bounds, { animate: false, padding: [6, 6] });
  }

  // streamlit-folium sends a click a quarter of a second late, to gather drags and drawings that
  // this map has not. This sends it at once, as it would, and leaves it nothing new to send.
  function sendClick(event) {
    const state = window.__GLOBAL_DATA__;
    if (!window.Streamlit || !state || !(state.returned_objects || []).includes("last_clicked")) return;
    const value = { last_clicked: event.latlng };
    state.lat_lng_clicked = event.latlng;
    state.previous_data = value;
    window.Streamlit.setComponentValue(value);
  }

  function name(title) {
    // A screen reader meets the frame first: its title says what the map shows.
    try {
      if (window.frameElement) window.frameElement.title = title;
    } catch { /* another origin's frame can't be named from here */ }
    document.title = title;
    document.getElementById("map_div")?.setAttribute("aria-label", title);
  }

  function change(map, message) {
    const group = L.featureGroup();
    current = message;
    if (message.title) name(message.title);
    for (const part of ["circles", "reach", "trial", "chosen"]) delete layers[part];
    const waiting = [
      message.reach && drawReach(group, message),
      neighbourhoods(map).then((set) => {
        if (current !== message) return;
        if (set) {
          set.eachLayer((part) => part.setStyle(fillOf(message.shading, part.feature.properties.i)));
          if (message.circles) drawCircles(group, message);
        }
        if (message.trial) drawTrial(group, message);
        if (message.chosen) drawChosen(group, message);
      }),
      drawPoints(map, "services", message),
      drawPoints(map, "places", message),
      drawPoints(map, "stops", message),
      drawRoutes(map, message),
      drawOutside(map, message),
    ];
    Promise.allSettled(waiting).then(() => {
      if (current !== message) return;
      restack();
      partLabels(map);
      document.body.dataset.drawn = message.serial;
    });
    return group;
  }

  window.obr = { start, change, layers };
})();
