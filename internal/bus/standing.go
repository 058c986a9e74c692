package bus

import "time"

// Standing is how a bus is at a moment, as far as one connection can see.
type Standing struct {
	// Server is where the connection goes; empty while there is none.
	Server string
	// Cluster says that there are several servers. Leader is the one that the journal's writers depend on, empty while there is
	// none: then nothing is stored.
	Cluster bool
	Leader  string
	// Bare says that nobody leads because no arbiter has prepared the bus yet.
	Bare bool
	// Unjoined names, while nobody leads, those that are to be there and are not, as far as the server knows.
	Unjoined string
	// Servers are all that keep the journal, sorted; of one that is alone just that.
	Servers []string
	// Behind are the servers that have not everything.
	Behind []Replica
}

// Replica is a server of a cluster that is to keep what the leader keeps.
type Replica struct {
	Server string
	// Away is that it was not seen lately, and Left that this is certain: it has said good-bye. Lag is how many changes it lacks otherwise.
	Away, Left bool
	Lag        uint64
	// Begins says that it is there and has not had everything since it began.
	Begins bool
	Seen   time.Duration // ago; 0 for one that was not seen since the leader leads
}

// Short says whether too few servers are there for anything to be stored, how many are, and for how long that has been so. A leader goes on
// to call itself one for some seconds after it has lost the others.
func (s *Standing) Short() (there int, lasts time.Duration, short bool) {
	there = len(s.Servers)
	for _, r := range s.Behind {
		if !r.Away {
			continue
		}
		there--
		if r.Seen > 0 && (lasts == 0 || r.Seen < lasts) {
			lasts = r.Seen
		}
	}
	return there, lasts, there > 0 && 2*there <= len(s.Servers) && lasts > 0 // one that has just begun to lead has heard nobody yet
}
