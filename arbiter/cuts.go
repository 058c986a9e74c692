package arbiter

import (
	"fmt"
	"io"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/arbiter/split"
)

// PackCut is a pack that is too heavy for one shard, and lies in several.
type PackCut struct {
	// Top is the host in front of most of it.
	Top    string `json:"top"`
	Hosts  int    `json:"hosts"`
	Checks uint64 `json:"checks"`
	// Limit is what a shard may have of one pack.
	Limit  uint64 `json:"limit"`
	Shards int    `json:"shards"`
	// Border is how many of its hosts have children in other shards than their own.
	Border int `json:"border_hosts"`
}

// cutsOf names the packs that are cut; the warnings are about parts of them that are too heavy themselves.
func cutsOf(c *objects.Config, cuts []split.Cut) (all []PackCut, warnings []string) {
	for _, cut := range cuts {
		top := &c.Hosts[cut.Top]
		all = append(all, PackCut{top.Name, cut.Hosts, cut.Weight, cut.Limit, cut.Shards, cut.Border})
		if cut.Solid > cut.Limit {
			solid := &c.Hosts[cut.SolidHost]
			warnings = append(warnings, fmt.Sprintf("%s: dependencies, business rules or triggers tie %d hosts and services around host %s together, "+
				"more than the %d that a shard may have of one pack: only parents can be cut, so one scheduler has all of them",
				c.Where(solid.Pos), cut.Solid, solid.Name, cut.Limit))
		}
	}
	return all, warnings
}

// printCuts says which packs are cut and why.
func (s *Summary) printCuts(w io.Writer) {
	for _, cut := range s.Cuts {
		fmt.Fprintf(w, "\nthe pack behind %s is cut: its %s are more than the %d that one shard may have of a pack (heavy_pack, cut_packs)\n"+
			"  it lies in %s; %s children in other shards, whose owners are told how these are\n",
			cut.Top, plural(int(cut.Checks), "check"), cut.Limit, plural(cut.Shards, "shard"), haveBorder(cut.Border))
	}
}

func haveBorder(hosts int) string {
	if hosts == 1 {
		return "1 host has"
	}
	return fmt.Sprintf("%d hosts have", hosts)
}
