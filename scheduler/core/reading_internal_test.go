package core

import "testing"

func TestWhatACheckReadsIsSeenFromItsLine(t *testing.T) {
	const all = reads | fetches | owns
	for line, want := range map[string]reading{
		"onbu-agent -H 10.0.0.1":                                 all,
		"/usr/lib/onbu/onbu-agent -H h -p 6557 --tls":            all,
		"onbu-agent -H h -s df -i / -w 80":                       reads | fetches,
		"onbu-agent -H h -sdf":                                   reads | fetches,
		"onbu-agent -H h --service=df":                           reads | fetches,
		"onbu-agent -H h --program 'agent_x --piggyback-only y'": all,
		"onbu-agent -H h --program agent_x":                      all,
		"onbu-agent --piggyback-only":                            reads | owns,
		"onbu-agent --piggyback-only -s mem":                     reads,
		"onbu-agent --piggyback -s mem":                          reads,
		"onbu-agent -H h -s mem --piggyback-only | cat":          reads,
		"sudo -u x onbu-agent --piggyback-only -s mem":           reads,
		"check_by_ssh -H h -C check_mk_agent":                    all,
		`check_by_ssh -H h -C "sudo /usr/bin/check_mk_agent"`:    all,
		"check_by_ssh -H h -C uptime":                            0,
		"/usr/lib/nagios/plugins/check_dummy 0 fine":             blind,
		"check_http -H h -u /check_mk_agent":                     0,
		"check_procs -C onbu-agentd":                             0,
		"":                                                       0,
	} {
		if got := readingOf(line); got != want {
			t.Errorf("%q reads %04b, want %04b", line, got, want)
		}
	}
}
