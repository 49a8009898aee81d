"""VoiceIt's published SDK against a server of ours: base URL, key, token, folder of voices. Prints what each call answered."""

import json
import sys

from voiceit2 import VoiceIt2

base, key, token, voices = sys.argv[1:5]
LANGUAGE, PHRASE = "en-US", "Never forget tomorrow is a new day"


def take(voice, n):
    return f"{voices}/{voice}_pass_{n}.wav"


sdk = VoiceIt2(key, token)
sdk.base_URL = base
said = {"phrases": sdk.get_phrases(LANGUAGE)}
users = {}
for voice in ("anna", "ben"):
    users[voice] = sdk.create_user()["userId"]
    said[f"enroll_{voice}"] = [
        sdk.create_voice_enrollment(users[voice], LANGUAGE, PHRASE, file_path=take(voice, n)) for n in (1, 2, 3)
    ]
anna, ben = users["anna"], users["ben"]
said["exists"] = sdk.check_user_exists(anna)
said["users"] = sdk.get_all_users()
said["again"] = sdk.create_voice_enrollment(anna, LANGUAGE, PHRASE, file_path=take("anna", 1))
said["other_voice"] = sdk.create_voice_enrollment(anna, LANGUAGE, PHRASE, file_path=take("ben", 4))
said["enrollments"] = sdk.get_all_voice_enrollments(anna)
said["verify"] = sdk.voice_verification(anna, LANGUAGE, PHRASE, file_path=take("anna", 4))
said["impostor"] = sdk.voice_verification(anna, LANGUAGE, PHRASE, file_path=take("ben", 5))
said["other_phrase"] = sdk.voice_verification(anna, LANGUAGE, "Something else", file_path=take("anna", 5))
said["other_words"] = sdk.voice_verification(
    anna, LANGUAGE, PHRASE, file_path=f"{voices}/anna_other_1.wav"
)
group = sdk.create_group("two of them")["groupId"]
said["added"] = [sdk.add_user_to_group(group, user) for user in (anna, ben)]
said["group"] = sdk.get_group(group)
said["groups"] = sdk.get_all_groups()
said["group_exists"] = sdk.group_exists(group)
said["groups_of"] = sdk.get_groups_for_user(ben)
said["identify"] = sdk.voice_identification(group, LANGUAGE, PHRASE, file_path=take("ben", 6))
said["identify_nobody"] = sdk.voice_identification(group, LANGUAGE, PHRASE, file_path=take("carla", 1))
said["by_url"] = sdk.voice_verification_by_url(anna, LANGUAGE, PHRASE, "http://169.254.169.254/latest")
said["removed"] = sdk.remove_user_from_group(group, ben)
said["group_deleted"] = sdk.delete_group(group)
said["face"] = sdk.get_all_face_enrollments(anna)
said["unenrolled"] = sdk.delete_all_enrollments(anna)
said["not_enrolled"] = sdk.voice_verification(anna, LANGUAGE, PHRASE, file_path=take("anna", 6))
said["deleted"] = sdk.delete_user(anna)
said["unknown"] = sdk.voice_verification(anna, LANGUAGE, PHRASE, file_path=take("anna", 6))
said["gone"] = sdk.check_user_exists(anna)
stranger = VoiceIt2(key, token + "x")
stranger.base_URL = base
said["stranger"] = stranger.get_all_users()
print(json.dumps({"said": said, "anna": anna, "ben": ben, "group": group}))
