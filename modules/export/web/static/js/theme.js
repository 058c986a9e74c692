// Applied before the first paint, so that a page does not flash in the other colours.
(() => {
	const theme = localStorage.getItem("theme")
	if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
})()
