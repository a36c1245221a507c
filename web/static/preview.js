// Reloads the preview when its file has changed. The page works without it, by reloading every few seconds.
"use strict";

const { version, versionUrl, seconds } = document.currentScript.dataset;

async function look() {
  try {
    const response = await fetch(versionUrl, { cache: "no-store" });
    if ((await response.json()).version !== version) {
      location.reload();
      return;
    }
  } catch {
    // The preview has been stopped, or is starting again: keep looking.
  }
  setTimeout(look, Number(seconds) * 1000);
}

setTimeout(look, Number(seconds) * 1000);
