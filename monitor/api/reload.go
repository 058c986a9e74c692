package api

// Reload is what came of a reload, as the API and `onbu reload --json` give it.
type Reload struct {
	// Arbiter is the one that leads, whose files these are; Main is its main file.
	Arbiter    string `json:"arbiter"`
	Main       string `json:"main"`
	Generation uint64 `json:"generation"`
	// Changed is how many of the Shards are other than before.
	Changed  uint16  `json:"shards_changed"`
	Shards   uint16  `json:"shards"`
	Hosts    uint32  `json:"hosts"`
	Services uint32  `json:"services"`
	Warnings uint32  `json:"warnings"`
	Seconds  float64 `json:"seconds"`
	// Daemons are those that read configurations.
	Daemons []Adopted `json:"daemons,omitempty"`
	// Unlike names the arbiters that stand by with other files than those in force.
	Unlike []string `json:"files_differ,omitempty"`
}

// Adopted says which generation a daemon works with; 0 for one that does not say.
type Adopted struct {
	Role       string `json:"role"`
	Node       string `json:"node"`
	Generation uint64 `json:"generation"`
}

// Late gives the daemons that do not work yet with the generation that came into force.
func (r *Reload) Late() (late []Adopted) {
	for _, d := range r.Daemons {
		if d.Generation < r.Generation {
			late = append(late, d)
		}
	}
	return late
}
