package core

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

// asks says for which macros the configuration asks whose values take memory or time to have.
type asks struct{ lastPerfdata, totals bool }

func asksOf(inv *monitor.Inventory) asks {
	a := asks{lastPerfdata: inv.Options.EnvironmentMacros}
	look := func(text string) {
		a.lastPerfdata = a.lastPerfdata || strings.Contains(text, "$LASTHOSTPERFDATA") || strings.Contains(text, "$LASTSERVICEPERFDATA")
		a.totals = a.totals || strings.Contains(text, "$TOTAL")
	}
	for i := range inv.Commands {
		look(inv.Commands[i].Line)
	}
	for _, args := range inv.Args {
		for _, arg := range args {
			look(arg)
		}
	}
	return a
}
