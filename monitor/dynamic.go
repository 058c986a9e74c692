package monitor

import "time"

// DynamicRule says which hosts are made of payloads for hosts that nobody defined. Of several that fit source and target the
// first counts.
type DynamicRule struct {
	Name string
	// Sources are those whose payloads count, Hosts the names of hosts that are made; empty for all.
	Sources, Hosts []Pattern
	// HostUse and ServiceUse are the templates of the hosts and of services that are discovered, parted by commas.
	HostUse, ServiceUse string
	// ServiceCommand is the command by which discovered services are checked.
	ServiceCommand string
	// HostGroups are what the hosts join besides what their templates name.
	HostGroups       []string
	Realm, PollerTag string
	// Site is where the hosts are looked at; empty for the site that has the rule.
	Site string
	// Discover makes services of what the payloads offer.
	Discover bool
	// RemoveAfter is how long a source has to leave a host out until it is removed; 0 for ever.
	RemoveAfter time.Duration
	// Most bounds the hosts of one source.
	Most    uint32
	Enabled bool
	// Gone is when the rule was taken out of the files; never while it is there.
	Gone Time
}

// DynamicHost is a host that a rule made.
type DynamicHost struct {
	Name string
	// Source is whose payload it was made of, Rule the name of the rule.
	Source, Rule string
	// Since is when it was made, Listed when the newest payload for it was fetched, as far as that was looked up.
	Since, Listed Time
	// Services are those that were discovered.
	Services []DynamicService
}

// DynamicService is a service that a payload offered.
type DynamicService struct{ Description, CheckCommand string }

// DynamicRefusal says why hosts of a source are not made although a rule fits.
type DynamicRefusal struct {
	// Name is one of them.
	Name, Source, Rule string
	Why                string
	// At is when it was told.
	At Time
	// Hosts is how many there were then; 0 is one. Others are some of them besides Name.
	Hosts  uint32
	Others []string
}

// Dynamics is all that is remembered of dynamic hosts.
type Dynamics struct {
	// Hosts are sorted by name. Rules are those that made them or may make others, as they were last read.
	Hosts []DynamicHost
	Rules []DynamicRule
	// Refusals are one for each rule, source and reason, bounded.
	Refusals []DynamicRefusal
	// Removed says for hosts that were removed lately when their newest payload was fetched: it makes no host again.
	Removed map[string]Time
	// Made and Gone count hosts since the first one.
	Made, Gone uint64
}
