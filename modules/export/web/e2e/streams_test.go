package e2e_test

import (
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
)

// streamWalks are about how pages stay up to date, with streams and clocks that a script plays.
func streamWalks() []walk {
	return []walk{
		{"a stream that the page has ended stays ended", endedStreams},
		{"a page that slept says since when it is old, and asks anew", sleptStreams},
	}
}

// played makes a page's streams, timers and clock a script's: made are the streams, run lets all timers go off.
const played = `(async () => {
	const made = [], timers = []
	window.EventSource = class extends EventTarget {
		static CLOSED = 2
		readyState = 1
		constructor(path) { super(); made.push(this) }
		close() { this.readyState = 2 }
		say(name, value) { this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(value) })) }
	}
	window.setTimeout = (act) => timers.push({ act })
	window.clearTimeout = (n) => { if (timers[n - 1]) timers[n - 1].act = null }
	const every = []
	window.setInterval = (act) => every.push(act)
	const run = () => { for (const act of every) act(); for (const t of timers) { const act = t.act; t.act = null; act?.() } }
	const { live, clock, now } = await import(document.querySelector('script[type=module][src*="/js/problems.js"]').src.replace('problems.js', 'base.js'))
	const open = () => made.filter((s) => s.readyState !== 2).length
	`

func endedStreams(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	got := browser.Eval[[]int](tab, played+`
		const end = live("data/problems/live", { whole: () => {} })
		made[0].say("refused", { status: 503, error: "full" })
		end()
		run()
		dispatchEvent(new Event("pageshow"))
		return [made.length, open()]
	})()`)
	if got[0] != 1 || got[1] != 0 {
		t.Errorf("%d streams were opened, and %d are open; want 1, 0", got[0], got[1])
	}
}

func sleptStreams(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	got := browser.Eval[[]string](tab, played+`
		const awake = Date.now(), bar = document.getElementById("stale")
		live("data/problems/live", { whole: () => {} })
		made[0].say("breath", awake / 1000 + 50)
		made[0].say("whole", {})
		const skew = Math.round(now() - awake / 1000)
		Date.now = () => awake + 3600000
		run()
		const said = [bar.hidden ? "nothing" : bar.textContent.includes(clock(awake / 1000)) ? "since it slept" : bar.textContent]
		made[1].say("whole", {})
		return [String(skew), ...said, String(made.length), String(open()), String(bar.hidden)]
	})()`)
	want := []string{"50", "since it slept", "2", "1", "true"}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
