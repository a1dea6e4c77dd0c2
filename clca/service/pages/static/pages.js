// Keys, and parts of pages that the server sends anew. Pages say what they do without this, and work without it.
"use strict"

const TYPED = "input, textarea, select"
const KEYS = "clca-keys" // of the browser's store: "off" where somebody has turned them off

let leaving = false
addEventListener("pageshow", () => { leaving = false })
addEventListener("submit", () => { leaving = true })

document.addEventListener("keydown", (event) => {
  const typed = event.target.closest(TYPED)
  if (typed && event.key === "Escape") typed.blur()
  if (typed || leaving || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
  if (localStorage.getItem(KEYS) === "off") return
  const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)
  if (!element) return
  event.preventDefault()
  if (element.matches(TYPED)) {
    element.focus()
  } else if (element.matches("details")) {
    element.open = !element.open
    element.querySelector("summary").focus()
  } else {
    element.click()
  }
})

const toggle = document.getElementById("keys-toggle")
if (toggle) {
  const show = () => { toggle.textContent = localStorage.getItem(KEYS) === "off" ? "Turn the keys on" : "Turn the keys off" }
  toggle.hidden = false
  toggle.addEventListener("click", () => {
    localStorage.setItem(KEYS, localStorage.getItem(KEYS) === "off" ? "on" : "off")
    show()
  })
  show()
}

const address = document.body.dataset.live
if (address) {
  let stream = null
  const follow = () => {
    stream = new EventSource(address)
    stream.addEventListener("part", (event) => {
      const { id, html } = JSON.parse(event.data)
      const template = document.createElement("template")
      template.innerHTML = html
      document.getElementById(id)?.replaceWith(template.content)
    })
    stream.addEventListener("reload", () => {
      stream.close()
      if (!document.activeElement?.closest(TYPED)) location.reload()
    })
  }
  // A browser has few connections to a server: a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => {
    stream?.close()
    if (!document.hidden) follow()
  })
  if (!document.hidden) follow()
}
