// The form works without this. A link in a mail leads here although somebody is signed in, since browsers send no cookie along from
// other sites (SameSite=Strict): asked from here they do, and then the page that was meant is shown.
const to = document.querySelector("input[name=to]").value

async function alreadyIn() {
	const answer = await fetch("data/me", { headers: { Accept: "application/json" } })
	return answer.ok && (await answer.json()).name !== ""
}

if (!document.querySelector(".note") && await alreadyIn()) location.replace(to || "problems")

document.querySelector("form").addEventListener("submit", (e) => {
	const button = e.target.querySelector("button")
	setTimeout(() => { button.disabled = true }) // after the form is on its way: a double click is one try
	addEventListener("pageshow", () => { button.disabled = false }, { once: true })
})
