//! Replies that hand a call over with a signed result, and the apology when a turn fails on our side.

use super::result_token::{TokenError, with_token};
use super::{CallError, Calls, Xml};
use crate::config::Line;
use crate::dialog::{Facts, Next, Reply, Risk, Standing, State, give_up};
use crate::judging::meters;
use crate::store::StoreError;
use crate::twilio::CallForm;
use crate::types::{CallSid, CallerId};

impl Calls {
    /// Puts the signed result into a reply that hands the call over; any other reply stays as it is.
    pub(super) async fn with_result(
        &self,
        call: &CallSid,
        caller: Option<CallerId>,
        state: &State,
        mut reply: Reply,
    ) -> Result<Reply, CallError> {
        if let Next::Redirect { url } = &mut reply.next {
            let verdict = state.verdict().map_or("reject", |verdict| verdict.code());
            *url = with_token(url, &self.sign_result(self.subject(caller).await?, call, verdict)?);
        }
        Ok(reply)
    }

    fn sign_result(&self, sub: Option<String>, call: &CallSid, verdict: &str) -> Result<String, TokenError> {
        self.0.signer.as_ref().ok_or(TokenError::NoSecret)?.sign(sub, call, verdict, self.0.cx.now())
    }

    /// The caller a token is about: the operator's name for the caller, else ours.
    async fn subject(&self, caller: Option<CallerId>) -> Result<Option<String>, StoreError> {
        let Some(id) = caller else { return Ok(None) };
        let known = self.0.cx.store.caller(id).await?;
        Ok(Some(known.and_then(|caller| caller.user_id).unwrap_or_else(|| id.to_string())))
    }

    /// The reply when a turn failed on our side: an apology and the line's way on after a reject.
    ///
    /// Needs nothing that may just have failed, and never authenticates anybody.
    pub fn apology(&self, form: &CallForm, error: &CallError) -> Xml {
        metrics::counter!(meters::APOLOGIES, "code" => error.code()).increment(1);
        if let CallError::Store(error) = error {
            meters::store_failed("a turn could not be answered", error);
        }
        let line = self.0.cx.config.line_for(&form.to);
        line.and_then(|line| self.line_apology(line, &form.call_sid).ok()).unwrap_or_else(|| self.plain_apology())
    }

    /// The apology when not even the call is known.
    pub fn plain_apology(&self) -> Xml {
        self.0.documents.plain_apology.clone()
    }

    fn line_apology(&self, line: &Line, call: &CallSid) -> Result<Xml, CallError> {
        let facts = Facts {
            line: self.line_facts(line),
            has_number_hint: false,
            caller: None,
            number_standing: Standing::Clear,
            claim_standing: Standing::Clear,
            risk: Risk::default(),
            fresh_challenge: None,
        };
        let mut reply = give_up(&facts).reply;
        if let Next::Redirect { url } = &mut reply.next {
            *url = with_token(url, &self.sign_result(None, call, "reject")?);
        }
        Ok(self.0.documents.document(line, 0, &reply, None)?)
    }
}
