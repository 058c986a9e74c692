package cmdline

// Context is a place in a command line, known by what was written before it. It says how a value has to be quoted there
// so that it is data and nothing else: to a shell, and to Words. The zero Context is the beginning of a line. Contexts
// may be copied and compared.
//
// Scan is for text that is the author's own and may be syntax; Quote is for values.
type Context struct {
	mode mode
	open open
	// depth counts the parentheses that are open; bit i of quoted says that the i-th was opened in double quotes.
	depth  uint8
	quoted uint32
	// word says that the place is inside of a word or behind one, not at the beginning of one.
	word bool
	// letters counts how many of the word "case" have been read.
	letters uint8
}

// mode says what characters mean at a place.
type mode uint8

const (
	bare mode = iota
	single
	double
	// lost is the mode behind what is too hard to follow: `…`, ${…} but for plain names, $((…)), $'…', here documents,
	// comments, case inside of $(…), [[…]]. It lasts to the end of the line.
	lost
)

// open says what the last character leaves unfinished.
type open uint8

const (
	nothing open = iota
	backslash
	dollar
	name    // $NA
	brace   // ${NA
	less    // <
	paren   // (
	bracket // [ at the beginning of a word
)

// Scan moves the place to behind text.
func (c *Context) Scan(text string) {
	for i := 0; i < len(text) && c.mode != lost; i++ {
		if !c.skip(text[i]) {
			c.step(text[i])
		}
	}
}

// ScanBytes is Scan.
func (c *Context) ScanBytes(text []byte) {
	for i := 0; i < len(text) && c.mode != lost; i++ {
		if !c.skip(text[i]) {
			c.step(text[i])
		}
	}
}

// skip reads a character that is only itself, as nearly all are, and says whether it is one.
func (c *Context) skip(b byte) bool {
	if c.open != nothing || c.depth > 0 || !isOrdinary(b) {
		return false
	}
	c.word = true
	return true
}

func (c *Context) step(b byte) {
	switch {
	case c.mode == single:
		if b == '\'' {
			c.mode = bare
		}
	case c.mode == double:
		c.stepDouble(b)
	default:
		c.stepBare(b)
	}
}

// isOrdinary says whether a character is only itself anywhere in a line, whatever stands beside it.
func isOrdinary(b byte) bool { return ordinary[b] }

var ordinary = func() (table [256]bool) {
	for b := range table {
		c := byte(b)
		table[b] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80
	}
	for _, c := range "_-./:,%@+" {
		table[c] = true
	}
	return table
}()

// stepBare reads a character outside of quotes.
func (c *Context) stepBare(b byte) {
	if c.finish(b) {
		return
	}
	began := c.word
	c.word = true
	switch b {
	case '\'':
		c.mode = single
	case '"':
		c.mode = double
	case '\\':
		c.open = backslash
	case '$':
		c.open = dollar
	case '`':
		c.mode = lost
	case '#':
		if !began {
			c.mode = lost
		}
	case '[':
		if !began {
			c.open = bracket
		}
	case '(':
		c.push(bare)
	case ')':
		c.pop()
	case '<':
		c.open, c.word = less, false
	case ' ', '\t', '\n', ';', '&', '|', '>':
		c.endWord()
	default:
		c.spell(b, began)
	}
}

// stepDouble reads a character in double quotes.
func (c *Context) stepDouble(b byte) {
	if c.finish(b) {
		return
	}
	switch b {
	case '"':
		c.mode = bare
	case '\\':
		c.open = backslash
	case '$':
		c.open = dollar
	case '`':
		c.mode = lost
	}
}

// finish lets a character end what the one before left open, and says whether that was all that it does.
func (c *Context) finish(b byte) bool {
	was := c.open
	c.open = nothing
	switch was {
	case backslash:
		c.loseIf(b == '\n' && c.mode == bare) // a word or none goes on in the next line
		return true
	case dollar:
		return c.expansion(b)
	case name:
		if isNameByte(b) {
			c.open = name
			return true
		}
	case brace:
		if isNameByte(b) {
			c.open = brace
		} else if b != '}' {
			c.mode = lost
		}
		return true
	case less:
		return c.loseIf(b == '<') // a here document
	case paren:
		return c.loseIf(b == '(') // arithmetic
	case bracket:
		return c.loseIf(b == '[') // bash works out what stands in [[…]]
	}
	return false
}

func (c *Context) loseIf(hard bool) bool {
	if hard {
		c.mode = lost
	}
	return hard
}

// expansion reads the character after a dollar sign.
func (c *Context) expansion(b byte) bool {
	switch {
	case b == '(':
		c.push(c.mode)
	case b == '{':
		c.open = brace
	case b == '[', b == '\'' && c.mode == bare: // bash: arithmetic, and backslashes that mean something in single quotes
		c.mode = lost
	case '0' <= b && b <= '9', b == '?', b == '#', b == '!', b == '@', b == '*', b == '-', b == '$':
	case isNameByte(b):
		c.open = name
	default:
		return false
	}
	return true
}

func isNameByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_'
}

// push enters a parenthesis that was opened in a mode.
func (c *Context) push(from mode) {
	if c.depth == 32 {
		c.mode = lost
		return
	}
	if c.quoted &^= 1 << c.depth; from == double {
		c.quoted |= 1 << c.depth
	}
	c.depth++
	c.mode, c.open, c.word, c.letters = bare, paren, false, 0
}

// pop leaves one. Without one to leave, it is the pattern of a case.
func (c *Context) pop() {
	if c.depth == 0 {
		c.mode = lost
		return
	}
	c.depth--
	c.endWord()
	if c.quoted>>c.depth&1 == 1 {
		c.mode = double
	}
}

// spell looks for the word "case", whose patterns end in a parenthesis that was never opened.
func (c *Context) spell(b byte, began bool) {
	switch {
	case began && c.letters == 0:
	case int(c.letters) < len("case") && "case"[c.letters] == b && (began || c.letters == 0):
		c.letters++
	default:
		c.letters = 0
	}
}

// endWord is what a blank does, or an operator.
func (c *Context) endWord() {
	if c.letters == 4 && c.depth > 0 {
		c.mode = lost
	}
	c.word, c.letters = false, 0
}
