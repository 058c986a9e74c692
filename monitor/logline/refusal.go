package logline

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Refusal parts an external command from why it was refused, if it was.
func (l *Line) Refusal() (line, why string, refused bool) { return cutRefusal(l.Options, l.Answer) }

// cutRefusal goes by the answer to a command. Where an older release wrote none it goes by the words, which may be those of a comment.
func cutRefusal(text, answer string) (line, why string, refused bool) {
	if answer == "" {
		const between = ": " + monitor.AnswerRefused
		if i := strings.LastIndex(text, between); i >= 0 {
			return text[:i], text[i+len(between):], true
		}
		return text, "", false
	}
	if why, refused = strings.CutPrefix(answer, monitor.AnswerRefused); !refused {
		return text, "", false
	}
	return strings.TrimSuffix(text, ": "+answer), why, true
}

// answered notes the answer to a command, and finds out anew whom that is about. Where every shard had a part in it, that this one
// refused is not in the line, and nobody's business.
func (l *Line) answered(answer string) {
	if _, _, refused := cutRefusal(l.Options, answer); refused && answer != "" && !strings.HasSuffix(l.Options, ": "+answer) {
		answer = monitor.AnswerDone
	}
	l.Answer, l.Host, l.Service = answer, "", ""
	l.command()
}
