package api

// Links is the other sites that this one is joined with.
type Links struct {
	Site  string  `json:"site"` // what this one is called
	Now   float64 `json:"now"`
	Links []Link  `json:"links"`
}

// Link is another site, as it is reached from here. Moments are Unix time, 0 for never; lengths are seconds.
type Link struct {
	Site    string `json:"site"`
	There   bool   `json:"there"`
	Way     string `json:"way"` // dialled, dials, through another; empty while it is away
	Address string `json:"address,omitempty"`
	// Since is from when on it has been there, Seen when it answered last, and RTT how long that took.
	Since float64 `json:"since"`
	Seen  float64 `json:"seen"`
	RTT   float64 `json:"rtt"`
	Hosts uint32  `json:"hosts"`
	// In and Out are the payloads that came from there and went there since Onbu was started here.
	In  uint64 `json:"in"`
	Out uint64 `json:"out"`
	// Waiting is what it does not have yet, and Oldest since when the first of that waits.
	Waiting uint32  `json:"waiting"`
	Oldest  float64 `json:"oldest"`
	Trouble string  `json:"trouble,omitempty"` // why sending broke off last
}

// OrphansAt are the names that payloads came for at a site and that no host has there. Error says why they are not told, or not all.
type OrphansAt struct {
	Site  string   `json:"site"`
	Names []string `json:"names"`
	Error string   `json:"error,omitempty"`
}
