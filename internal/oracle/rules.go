package oracle

// Rule is a difference from Nagios 4.4.6 that is known and wanted; docs/compatibility.md lists them.
type Rule struct {
	Name string
	// Why is the reason for the difference.
	Why string
	// explains takes what it explains out of a difference, and says whether there was anything.
	explains func(*Difference) bool
}

// Rules gives all rules.
func Rules() []Rule { return rules }

var rules = []Rule{}
