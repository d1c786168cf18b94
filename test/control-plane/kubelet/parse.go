package kubelet

import "strings"

type token struct {
	text string
	// operator: one of ; & && || ( ) | newline or a redirection, not a quoted word that looks like it.
	operator bool
	quoted   bool
}

// tokenize splits shell text into words and operators. Expansions stay as they are written.
func tokenize(text string) []token {
	var tokens []token
	var word strings.Builder
	started, quoted := false, false
	flush := func() {
		if started {
			tokens = append(tokens, token{text: word.String(), quoted: quoted})
		}
		word.Reset()
		started, quoted = false, false
	}
	for i := 0; i < len(text); i++ {
		character := text[i]
		switch {
		case character == '\'' || character == '"':
			end := closingQuote(text, i)
			word.WriteString(unescape(text[i+1:end], character))
			started, quoted = true, true
			i = end
		case character == '\\' && i+1 < len(text):
			i++
			if text[i] != '\n' {
				word.WriteByte(text[i])
				started = true
			}
		case character == '#' && !started:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case character == '$' && i+1 < len(text) && text[i+1] == '(':
			end := closingParenthesis(text, i+1)
			word.WriteString(text[i : end+1])
			started = true
			i = end
		case character == ' ' || character == '\t' || character == '\r':
			flush()
		case strings.IndexByte(";&|()\n<>", character) >= 0:
			if (character == '<' || character == '>') && !quoted && strings.Trim(word.String(), "0123456789") == "" {
				word.Reset() // the number of a file descriptor, as in 2>&1
				started = false
			}
			flush()
			operator := string(character)
			if i+1 < len(text) && text[i+1] == character && strings.IndexByte("&|>", character) >= 0 {
				operator += operator
				i++
			} else if character == '>' && i+1 < len(text) && text[i+1] == '&' {
				operator = ">&"
				i++
			}
			tokens = append(tokens, token{text: operator, operator: true})
		default:
			word.WriteByte(character)
			started = true
		}
	}
	flush()
	return dropRedirections(tokens)
}

// dropRedirections removes `> file` and the like: nothing here writes files.
func dropRedirections(tokens []token) []token {
	var kept []token
	for i := 0; i < len(tokens); i++ {
		if !tokens[i].operator || strings.IndexAny(tokens[i].text, "<>") < 0 {
			kept = append(kept, tokens[i])
			continue
		}
		i++ // the target
	}
	return kept
}

func closingQuote(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		if text[i] == '\\' && text[start] == '"' {
			i++
			continue
		}
		if text[i] == text[start] {
			return i
		}
	}
	return len(text)
}

func closingParenthesis(text string, start int) int {
	depth := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return len(text) - 1
}

func unescape(text string, quote byte) string {
	if quote == '\'' {
		return text
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\$`, `$`, "\\`", "`").Replace(text)
}

// parser walks the tokens and runs them on a shell, or only skips them.
type parser struct {
	tokens   []token
	position int
}

func (p *parser) peek() token {
	if p.position < len(p.tokens) {
		return p.tokens[p.position]
	}
	return token{}
}

func (p *parser) operator(text string) bool {
	next := p.peek()
	if next.operator && next.text == text {
		p.position++
		return true
	}
	return false
}

func (p *parser) keyword(text string) bool {
	next := p.peek()
	if !next.operator && !next.quoted && next.text == text {
		p.position++
		return true
	}
	return false
}

func (p *parser) atAny(words ...string) bool {
	next := p.peek()
	if next.operator || next.quoted {
		return false
	}
	for _, word := range words {
		if next.text == word {
			return true
		}
	}
	return false
}

// list runs commands separated by ; & and newlines until something that ends a list.
func (p *parser) list(s *shell, run bool) {
	for p.position < len(p.tokens) {
		if p.operator(";") || p.operator("\n") {
			continue
		}
		if next := p.peek(); (next.operator && next.text == ")") || p.atAny("}", "then", "else", "elif", "fi", "do", "done") {
			return
		}
		before := p.position
		job := *s
		p.andOr(s, run && !s.ended())
		if p.operator("&") && run && !job.exited && !job.forever {
			background := outcome{forever: s.forever, serves: s.serves, after: s.elapsed, code: s.code}
			job.jobs = append(append([]outcome{}, job.jobs...), background)
			job.code = 0
			*s = job
		}
		if p.position == before {
			return
		}
	}
}

func (p *parser) andOr(s *shell, run bool) {
	p.pipeline(s, run)
	for {
		switch {
		case p.operator("&&"):
			p.newlines()
			p.pipeline(s, run && !s.ended() && s.code == 0)
		case p.operator("||"):
			p.newlines()
			p.pipeline(s, run && !s.ended() && s.code != 0)
		default:
			return
		}
	}
}

func (p *parser) newlines() {
	for p.operator("\n") {
	}
}

func (p *parser) pipeline(s *shell, run bool) {
	negate := p.keyword("!")
	p.command(s, run)
	for p.operator("|") {
		p.newlines()
		p.command(s, run && !s.ended())
	}
	if negate && run && !s.ended() {
		if s.code == 0 {
			s.code = 1
		} else {
			s.code = 0
		}
	}
}

func (p *parser) command(s *shell, run bool) {
	switch {
	case p.operator("("):
		inner := shell{role: s.role}
		p.list(&inner, run)
		p.operator(")")
		if run {
			s.join(inner)
		}
	case p.keyword("{"):
		p.list(s, run)
		p.keyword("}")
	case p.keyword("if"):
		p.conditional(s, run)
	case p.atAny("while", "until"):
		p.loop(s, run)
	default:
		var words []string
		for p.position < len(p.tokens) && !p.peek().operator {
			words = append(words, p.peek().text)
			p.position++
		}
		if run && len(words) > 0 {
			s.simple(words, false)
		}
	}
}

func (p *parser) conditional(s *shell, run bool) {
	p.list(s, run)
	holds := run && !s.ended() && s.code == 0
	otherwise := run && !s.ended() && s.code != 0
	p.keyword("then")
	p.list(s, holds)
	switch {
	case p.keyword("elif"):
		p.conditional(s, otherwise)
		return
	case p.keyword("else"):
		p.list(s, otherwise)
	default:
		if otherwise {
			s.code = 0
		}
	}
	p.keyword("fi")
}

func (p *parser) loop(s *shell, run bool) {
	until := p.peek().text == "until"
	p.position++
	start := p.position
	for {
		p.position = start
		p.list(s, run)
		again := run && !s.ended() && (s.code == 0) != until
		p.keyword("do")
		p.list(s, again)
		p.keyword("done")
		if !again || s.exited || s.forever {
			break
		}
	}
	if run && !s.exited && !s.forever {
		s.code = 0
	}
}
