//! The terminal while a view has it: alternate screen, raw mode, no cursor.

use std::io::{self, Write as _};

use crossterm::{
    cursor::{Hide, MoveTo, Show},
    execute, queue,
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
        EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};

/// Holds the terminal; dropping it, by a panic too, gives it back as it was.
pub struct Screen;

impl Screen {
    pub fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        let screen = Self;
        execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, Hide)?;
        Ok(screen)
    }

    /// Draws as many lines as the screen has over what was there, without a flicker.
    #[expect(clippy::unused_self, reason = "shows that the screen was entered")]
    pub fn show(&mut self, lines: &[String]) -> io::Result<()> {
        let mut output = io::BufWriter::new(io::stdout().lock());
        queue!(output, BeginSynchronizedUpdate)?;
        for (row, line) in lines.iter().enumerate() {
            queue!(output, MoveTo(0, u16::try_from(row).unwrap_or(u16::MAX)))?;
            // Before the text, not after it: behind a full line the cursor still stands on its
            // last column, which would be cleared.
            queue!(output, Clear(ClearType::CurrentLine))?;
            write!(output, "{line}")?;
        }
        queue!(output, EndSynchronizedUpdate)?;
        output.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The terminal may be gone already: there is nobody to tell.
        let _ = execute!(io::stdout(), Show, EnableLineWrap, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}
