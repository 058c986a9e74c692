package wire

import "github.com/onbu/onbu/monitor"

// Site is the value of the key bus.SiteKey in CFG: what is known of another site. The key is there from when the site was first
// heard of until it is forgotten, whether the site is away or not. It changes with the list of hosts, and else once an hour.
type Site struct {
	// Name is what the site calls itself, behind the name of its tenant and a slash where it has one.
	Name string
	// Hash is of its list of hosts; the list itself is the blob SiteHostsName, which is stored first.
	Hash  uint64
	Hosts uint32
	// Heard is when it was last there, to the hour.
	Heard monitor.Time
}

// SiteHosts is which hosts another site looks at.
type SiteHosts struct {
	Hash  uint64
	Hosts []string // sorted
}

// SiteHostsName is the name of the blob in CFG that holds the SiteHosts of another site.
func SiteHostsName(site string) string { return "site." + site }
