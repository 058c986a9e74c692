package piggyback

import "bytes"

// lineKind is what a line means to the splitter.
type lineKind uint8

const (
	plain   lineKind = iota
	section          // <<<name>>>, well-formed or not
	header           // <<<<host>>>>
	footer           // <<<<>>>>
)

// kindOf tells what a whole line is. White space around it does not count.
func kindOf(line []byte) lineKind {
	t := trim(line)
	switch {
	case !bytes.HasPrefix(t, []byte("<<<")) || !bytes.HasSuffix(t, []byte(">>>")):
		return plain
	case bytes.HasPrefix(t, []byte("<<<<")) && bytes.HasSuffix(t, []byte(">>>>")):
		if len(t) == 8 {
			return footer
		}
		return header
	}
	return section
}

// mayBeHeader says, for a line with something in it, whether a second look is worth it.
func mayBeHeader(line []byte) bool { return line[0] == '<' || white(line[0]) }

// looksLikeHeader says whether the beginning of a line may yet become a header's.
func looksLikeHeader(begun []byte) bool {
	t := trimLeft(begun)
	n := min(len(t), 3)
	return string(t[:n]) == "<<<"[:n]
}

// isFour says whether a line begun in a and going on in b has four "<".
func isFour(a, b []byte) bool {
	a = trimLeft(a)
	if len(a) >= 4 {
		return a[3] == '<'
	}
	return len(b) > 0 && b[0] == '<'
}

func white(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trimLeft(b []byte) []byte {
	for len(b) > 0 && white(b[0]) {
		b = b[1:]
	}
	return b
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && white(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func trim(b []byte) []byte { return trimRight(trimLeft(b)) }

// longLine watches how a line ends that is not kept.
type longLine struct {
	under   bool
	four    bool // it begins with four "<"
	closing int  // how many ">" it ends in so far
	blank   bool // white space came behind them
}

func (l *longLine) see(part []byte) {
	t := trimRight(part)
	if len(t) == 0 {
		l.blank = l.blank || len(part) > 0
		return
	}
	n := 0
	for n < len(t) && t[len(t)-1-n] == '>' {
		n++
	}
	if n == len(t) && !l.blank {
		l.closing += n
	} else {
		l.closing = n
	}
	l.blank = len(t) < len(part)
}
