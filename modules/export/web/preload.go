package web

import (
	"regexp"
	"slices"
	"sync"
)

// imported is what a module of ours says that it needs.
var imported = regexp.MustCompile(`(?m)^(?:import|export) .*from "\./([a-z-]+\.js)"`)

// needs gives the scripts that each page needs besides its own, so that browsers ask for all of them at once instead of for one when
// they have read the one before.
var needs = sync.OnceValue(func() map[string][]string {
	of := map[string][]string{}
	for _, p := range pages() {
		of[p.Path] = needsOf(p.Script + ".js")
	}
	return of
})

func needsOf(script string) (all []string) {
	all = []string{script, "frame.js"}
	for i := 0; i < len(all); i++ {
		for _, m := range imported.FindAllSubmatch(loadAssets().files["js/"+all[i]].plain, -1) {
			if name := string(m[1]); !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all[2:]
}
