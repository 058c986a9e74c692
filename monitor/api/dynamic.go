package api

// Dynamics is the answer to who asks for the hosts that were made of payloads.
type Dynamics struct {
	Hosts    []DynamicHost    `json:"hosts"`
	Refusals []DynamicRefusal `json:"refusals"`
	// Made and Gone count hosts since the first one.
	Made uint64 `json:"made"`
	Gone uint64 `json:"gone"`
}

// DynamicHost is a host that a rule made.
type DynamicHost struct {
	Name   string `json:"host"`
	Source string `json:"source"`
	Rule   string `json:"rule"`
	// Since is when it was made, Listed when the newest payload for it was fetched, as far as that was looked up.
	Since  float64 `json:"since"`
	Listed float64 `json:"listed"`
	// Services are those that were discovered.
	Services []string `json:"services"`
}

// DynamicRefusal says why hosts of a source are not made although a rule fits.
type DynamicRefusal struct {
	Name   string  `json:"host"`
	Source string  `json:"source"`
	Rule   string  `json:"rule"`
	Why    string  `json:"why"`
	At     float64 `json:"at"`
	// Hosts is how many there were at that time; Host is one of them, Others are some more.
	Hosts  int      `json:"hosts"`
	Others []string `json:"others,omitempty"`
}
