package api

// Payloads is the answer to who asks for payloads. Error says why it is not all.
type Payloads struct {
	Now      float64   `json:"now"`
	Sources  []Source  `json:"sources"`
	Payloads []Payload `json:"payloads"`
	Error    string    `json:"error"`
}

// Source is a host whose output holds payloads, as the API gives it.
type Source struct {
	Name    string  `json:"name"`
	Site    string  `json:"site,omitempty"`
	At      float64 `json:"at"` // when its last output with payloads was fetched
	Targets uint32  `json:"targets"`
	// Silent says that its newest output held none at all.
	Silent bool `json:"silent"`
}

// Payload is what the output of one host held for another one, as the API gives it: all but the data.
type Payload struct {
	Target string `json:"target"`
	Source string `json:"source"`
	// Site is where it was fetched; left out for this site.
	Site string `json:"site,omitempty"`
	// Where is what becomes of it: here, orphan, or waiting for the way to the site To.
	Where string `json:"where"`
	To    string `json:"to,omitempty"`
	// Names are what outputs call the target, before any translation.
	Names []string `json:"names"`
	At    float64  `json:"at"`
	Bytes int      `json:"bytes"`
	// Usable, State and Text are what the policies of this site say of one that is here.
	Usable bool `json:"usable"`
	// Fresh says that the newest output of its source has it.
	Fresh bool   `json:"fresh,omitempty"`
	State string `json:"state,omitempty"`
	Text  string `json:"text,omitempty"`
	// Since is from when on an orphan has been one, as far as the broker knows; AtLeast says that it was before the broker began to look.
	Since   float64 `json:"since,omitempty"`
	AtLeast bool    `json:"at_least,omitempty"`
	// Sections are the names of the sections in it; given only for the payloads of one host.
	Sections []string `json:"sections,omitempty"`
}

// What may be in Payload.Where.
const (
	Here    = "here"
	Orphan  = "orphan"
	Waiting = "waiting"
)

// Known is which hosts there are: here, and at other sites.
type Known struct {
	Here  []string            `json:"here"`
	Sites map[string][]string `json:"sites"`
}

// Mail is how it stands with payloads, as the API gives it. Queues should be empty.
type Mail struct {
	Sources int `json:"sources"`
	Orphans int `json:"orphans"` // hosts that payloads are for and nobody knows
	// Waiting is how many payloads wait for the way to another site, by its name; sites that none waits for are left out.
	Waiting map[string]int `json:"waiting"`
}

// Overlaps is the answer to who asks which sections several sources bring for one host.
type Overlaps struct {
	Now float64 `json:"now"`
	// Shared is how many hosts have payloads of several sources and fit; Looked how many of them this answer is about, and Next the
	// last of these, if there are more: after=NEXT goes on behind it.
	Shared int           `json:"shared"`
	Looked int           `json:"looked"`
	Next   string        `json:"next,omitempty"`
	Hosts  []OverlapHost `json:"hosts"` // those with any
}

// OverlapHost is a host with sections that several sources bring.
type OverlapHost struct {
	Host     string           `json:"host"`
	From     []OverlapSource  `json:"from"`
	Sections []OverlapSection `json:"sections"`
}

// OverlapSource is a source of a host, with what the policies say of its payload.
type OverlapSource struct {
	Source string  `json:"source"`
	Site   string  `json:"site,omitempty"`
	At     float64 `json:"at"`
	Usable bool    `json:"usable"`
	Text   string  `json:"text,omitempty"`
}

// OverlapSection says who is read for a section, in which order, and who is not: places in From.
type OverlapSection struct {
	Name string `json:"name"`
	Read []int  `json:"read"`
	Left []int  `json:"left"`
}

// Feeds is which sources of a site have payloads for which hosts of it. More says that there are more than these.
type Feeds struct {
	Feeds []Feed `json:"feeds"`
	More  bool   `json:"more,omitempty"`
}

// Feed is a source with a host that it speaks for.
type Feed struct {
	Target string `json:"target"`
	Source string `json:"source"`
}
