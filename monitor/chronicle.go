package monitor

import "errors"

// Chronicle tells the cluster log of something that a daemon decided or met by itself, so that people can read later why the
// engine did what it did. It never blocks and may be called by any goroutine; nil tells nobody. kind is one of the words
// below, or a new one in their manner: small letters and hyphens. about names the thing ("shard 3", "poller two"), why is a
// sentence for people, without a capital or a full stop. Neither holds a secret. It is for what happens to daemons, a few times a day or in
// a bad hour some hundred times: nothing that comes with every check belongs there.
type Chronicle func(kind, about, why string)

// Tell calls c unless it is nil.
func (c Chronicle) Tell(kind, about, why string) {
	if c != nil {
		c(kind, about, why)
	}
}

// The kinds of entries. What is not told by a role is told by the process that the roles are in.
const (
	RoleStarted = "started" // a role runs
	RoleEnded   = "ended"   // it ended in order, or why it failed

	ShardTaken  = "shard-taken"  // why says from whom: free, handed over, silent, dead
	ShardHanded = "shard-handed" // to whom and what for: balance, maintenance, end
	ShardLost   = "shard-lost"   // fenced, lease not renewed, stuck

	LeadTaken = "lead-taken" // an arbiter, or a module of which one is active
	LeadGiven = "lead-given" // knowingly
	LeadLost  = "lead-lost"

	InForce = "in-force" // a new generation of the configuration
	Refused = "refused"  // a broken configuration
	// FilesDiffer is of an arbiter whose files are others than those in force, and are not brought into force.
	FilesDiffer = "files-differ"

	NodeSilent = "node-silent" // all of a node, which did not end in order
	NodeBack   = "node-back"
	// NameTwice is of two daemons of one role that have the same name.
	NameTwice = "name-twice"

	PollerSilent = "poller-silent" // its jobs go to others
	PollerBack   = "poller-back"
	PollerBlind  = "poller-blind" // it fails where others of its pool do not, and is put aside
	PollerSees   = "poller-sees"  // and is used again

	BusLost  = "bus-lost"
	BusBack  = "bus-back"
	DiskFull = "disk-full" // or a store that cannot be read or written
	DiskBack = "disk-back"

	NodeUp           = "up"          // taken out of maintenance, and works again
	NodeMaintenance  = "maintenance" // has given up everything
	NodeDraining     = "draining"    // ends what it has under way
	NodeDisconnected = "disconnected"
	NodeOrdered      = "ordered" // somebody asked for one of these
	NodeDissolved    = "dissolved"

	CertificateEnds = "certificate-ends" // within a month
	RightRefused    = "right-refused"    // by the bus: the daemon did what its role may not

	// Poison is a message that nobody can read and that is passed over.
	Poison = "poison"

	// LogGap stands where entries are missing: why says how many.
	LogGap = "log-gap"
)

// DeedKinds gives all kinds of entries that this release tells.
func DeedKinds() []string {
	return []string{
		RoleStarted, RoleEnded, ShardTaken, ShardHanded, ShardLost, LeadTaken, LeadGiven, LeadLost, InForce, Refused,
		FilesDiffer, NodeSilent, NodeBack, NameTwice, PollerSilent, PollerBack, PollerBlind, PollerSees, BusLost, BusBack,
		DiskFull, DiskBack, NodeUp, NodeMaintenance, NodeDraining, NodeDisconnected, NodeOrdered, NodeDissolved,
		CertificateEnds, RightRefused, Poison, LogGap,
	}
}

// ErrGiveUp is the cause with which the context of a daemon ends that is to give everything up at once, because somebody put it into
// maintenance: others stand ready for what it has. At the end of the process a daemon takes a little longer.
var ErrGiveUp = errors.New("gives everything up for maintenance")
