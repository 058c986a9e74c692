package wire

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

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

// SitesAsk tells what the part of a receiver that talks with other sites is asked for.
type SitesAsk uint8

// The questions.
const (
	AskLinks   SitesAsk = iota + 1 // SitesAnswer.Links
	AskOrphans                     // SitesAnswer.Orphans
	AskForget                      // forget Site, with its hosts and all that waits for it
)

// SitesQuestion is asked on bus.AskSites. Nobody answers where no site is linked.
type SitesQuestion struct {
	Kind SitesAsk
	Site string
}

// SitesAnswer is what becomes of it.
type SitesAnswer struct {
	// Site is what this site is called.
	Site    string
	Links   []SiteLink
	Orphans []SiteOrphans
	// Refused says why the question is not answered; empty if it is.
	Refused string
}

// SiteLink is another site, as it is reached from this one.
type SiteLink struct {
	Site string
	// Way is how it is reached: "dialled" by this site, "dials" this one, "through another", or empty while it is away.
	Way     string
	Address string // of the other end, where there is a connection of its own
	// There says that the site answers, Since from when on, Seen when it did last, and RTT how long that took.
	There       bool
	Since, Seen monitor.Time
	RTT         time.Duration
	Hosts       uint32
	// In and Out are the payloads that came from there and went there since the start.
	In, Out uint64
	// Waiting are the payloads and sources for it that it does not have, and Oldest since when the first of them waits.
	Waiting uint32
	Oldest  monitor.Time
	Trouble string // why sending broke off last
}

// SiteOrphans are the names that payloads came for at a site and that nobody knows.
type SiteOrphans struct {
	Site  string
	Names []string // sorted
	// Cut says that there are more, and Trouble why a site did not tell them.
	Cut     bool
	Trouble string
}
