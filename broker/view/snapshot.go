package view

import "github.com/onbu/onbu/monitor"

// Snapshot is the state of everything at one moment. It never changes.
type Snapshot struct {
	// Hosts and Services are sorted by name.
	Hosts, Services []monitor.Status
	Downtimes       []monitor.Downtime
	Comments        []monitor.Comment
}

// Snapshot gives the present.
func (v *View) Snapshot() *Snapshot {
	return &Snapshot{Hosts: v.Hosts(Query{}), Services: v.Services(Query{}), Downtimes: v.Downtimes(), Comments: v.Comments()}
}
